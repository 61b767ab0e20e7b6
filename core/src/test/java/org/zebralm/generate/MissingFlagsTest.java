package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.testing.TinyTextModels;

@EnabledOnOs(OS.LINUX) // elsewhere the environment has no part in it
class MissingFlagsTest {
    private static final List<String> PROGRAM =
            List.of("-cp", System.getProperty("java.class.path"), ChildProgram.class.getName());

    @TempDir
    Path folder;

    private List<String> with(String... flags) {
        return Stream.of(List.of(flags), PROGRAM, List.of(folder.toString()))
                .flatMap(List::stream)
                .toList();
    }

    @Test
    void aProgramWithoutFlagsRunsAndIsToldThemOnce() throws IOException, InterruptedException {
        TinyTextModels.write(folder, 64);
        ChildProgram.Ended ended = ChildProgram.run(Map.of(), with());
        assertThat(ended.code()).as(ended.err()).isZero();
        try (LanguageModel model = LanguageModel.open(folder)) {
            assertThat(ended.out()).isEqualTo(model.generate("Stripes", SamplingConfig.greedy(12)));
        }
        assertThat(ended.err().lines().filter(line -> line.contains("start java with")))
                .singleElement()
                .asString()
                .contains("--add-modules jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED")
                .contains("GOMP_SPINCOUNT=30000 OPENBLAS_THREAD_TIMEOUT=4");
        assertThat(ended.err().split("slower without the Vector API", -1)).hasSize(2);
    }

    @Test
    void aProgramWithFlagsIsToldNothing() throws IOException, InterruptedException {
        TinyTextModels.write(folder, 64);
        ChildProgram.Ended ended = ChildProgram.run(
                ChildProgram.ENVIRONMENT,
                with("--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"));
        assertThat(ended.code()).as(ended.err()).isZero();
        assertThat(ended.err()).doesNotContain("start java with");
    }
}
