package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelLocationTest {

    private static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    private static final String OTHER = "ffffffffffffffffffffffffffffffffffffffff";

    @TempDir
    Path home;

    private Path hub;

    @BeforeEach
    void fillCache() throws IOException {
        hub = home.resolve(".cache/huggingface/hub");
        cache(hub, "models--meta-llama--Llama-3.2-1B", "main", COMMIT);
        cache(hub, "models--meta-llama--Llama-3.2-1B", "refs/pr/1", OTHER);
        cache(hub, "models--gpt2", "main", COMMIT);
        Files.createDirectories(hub.resolve("datasets--org--data"));
    }

    private static void cache(Path hub, String folder, String ref, String commit) throws IOException {
        Path repository = hub.resolve(folder);
        Files.createDirectories(repository.resolve("snapshots").resolve(commit));
        Path file = repository.resolve("refs").resolve(ref);
        Files.createDirectories(file.getParent());
        Files.writeString(file, commit);
    }

    private Path find(String name, Map<String, String> environment) {
        return ModelLocation.find(name, environment, home);
    }

    @Test
    void pathsThatExistAreThemselves() throws IOException {
        Path file = Files.writeString(home.resolve("model.gguf"), "");
        assertThat(find(file.toString(), Map.of())).isEqualTo(file);
        assertThat(find(home.toString(), Map.of())).isEqualTo(home);
    }

    @Test
    void idsAreFoundByRevision() {
        Path snapshots = hub.resolve("models--meta-llama--Llama-3.2-1B/snapshots");
        assertThat(find("meta-llama/Llama-3.2-1B", Map.of())).isEqualTo(snapshots.resolve(COMMIT));
        assertThat(find("meta-llama/Llama-3.2-1B@main", Map.of())).isEqualTo(snapshots.resolve(COMMIT));
        assertThat(find("meta-llama/Llama-3.2-1B@refs/pr/1", Map.of())).isEqualTo(snapshots.resolve(OTHER));
        assertThat(find("meta-llama/Llama-3.2-1B@" + OTHER, Map.of())).isEqualTo(snapshots.resolve(OTHER));
        assertThat(find("gpt2", Map.of()))
                .isEqualTo(hub.resolve("models--gpt2/snapshots").resolve(COMMIT));
    }

    @Test
    void theEnvironmentNamesTheCache() throws IOException {
        for (String name : new String[] {"a/hub", "b", "c", "d/huggingface/hub"}) {
            cache(home.resolve(name), "models--org--x", "main", COMMIT);
        }
        String id = "org/x";
        String snapshot = "models--org--x/snapshots/" + COMMIT;
        assertThat(find(id, Map.of("HF_HOME", "~/a")))
                .isEqualTo(home.resolve("a/hub").resolve(snapshot));
        assertThat(find(id, Map.of("HF_HOME", home + "/a", "HF_HUB_CACHE", home + "/b", "HUGGINGFACE_HUB_CACHE", "c")))
                .isEqualTo(home.resolve("b").resolve(snapshot));
        assertThat(find(id, Map.of("HF_HOME", home + "/a", "HUGGINGFACE_HUB_CACHE", home + "/c")))
                .isEqualTo(home.resolve("c").resolve(snapshot));
        assertThat(find(id, Map.of("XDG_CACHE_HOME", home + "/d", "HF_HOME", "")))
                .isEqualTo(home.resolve("d/huggingface/hub").resolve(snapshot));
    }

    @Test
    void whatIsNotThereIsNamedWithWhatIsNear() {
        refused("meta-llama/Llama-3.2-1b", "no file or folder", hub.toString(), "near it: meta-llama/Llama-3.2-1B");
        refused("gpt3", "near it: gpt2");
        refused("someone/entirely-else", "it has gpt2, meta-llama/Llama-3.2-1B");
        refused("./no/such folder", "a folder, a file or the id of a cached one", "\"./no/such folder\"");
        refused("", "there is no ", "\"\"");
        refused("gpt2@v2", "gpt2 has no revision v2", "there is main, " + COMMIT);
        refused("gpt2@../../x", "no revision ../../x");
        refused("gpt2@..", "no revision ..");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> find("gpt2", Map.of("HF_HOME", home + "/none")))
                .withMessageContaining("which has none (HF_HOME and HF_HUB_CACHE name other places)");
    }

    @Test
    void referencesThatLeadOutOfTheCacheAreRefused() throws IOException {
        Files.writeString(hub.resolve("models--gpt2/refs/main"), "../../../..");
        refused("gpt2", "gpt2 has no revision main");
    }

    private void refused(String name, String... messages) {
        var thrown = assertThatIllegalArgumentException().isThrownBy(() -> find(name, Map.of()));
        for (String message : messages) {
            thrown.withMessageContaining(message);
        }
    }
}
