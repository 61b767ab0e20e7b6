package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {

    @TempDir
    Path folder;

    @Test
    void onlyAWritableHomeTakesTheLibrary() {
        assertThat(NativeLibrary.isUsable(folder)).isTrue();
        assertThat(NativeLibrary.isUsable(folder.resolve("missing"))).isFalse();
        assertThat(NativeLibrary.isUsable(Path.of("?"))).isFalse();
    }

    @Test
    void loadingKeepsDjlOffTheNetwork() {
        NativeLibrary.load();
        assertThat(System.getProperty("ai.djl.offline")).isEqualTo("true");
    }
}
