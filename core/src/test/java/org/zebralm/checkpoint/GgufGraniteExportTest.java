package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// Llamas with local layers as llama.cpp's `granite_swa`, and the same models back.
class GgufGraniteExportTest {
    private static final String LISTED = "granite_swa.attention.sliding_window_pattern";

    @TempDir
    Path folder;

    private Path written(ModelFolder model) {
        Path path = folder.resolve("a.gguf");
        GgufWriter.write(model, path, new GgufOutput(GgufOutput.Type.F32));
        return path;
    }

    @Test
    void theHeaderListsTheWindowsAndSinksTakeNothing() {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "zebra", 1);
        try (GgufFile file = GgufFile.open(written(model));
                var _ = Scope.open()) {
            var keys = file.metadata();
            assertThat(keys.get("general.architecture"))
                    .isInstanceOfSatisfying(
                            GgufValue.Text.class,
                            text -> assertThat(text.read("a test")).isEqualTo("granite_swa"));
            assertThat(keys.get("granite_swa.attention.sliding_window")).isEqualTo(new GgufValue.Whole(9));
            assertThat(keys.get("granite_swa.logit_scale")).isEqualTo(new GgufValue.Real(1));
            assertThat(keys.get("granite_swa.rope.freq_base")).isEqualTo(new GgufValue.Real(10_000));
            assertThat(GgufWriterTest.plain(Objects.requireNonNull(keys.get(LISTED))))
                    .isEqualTo(List.of(false, true, true, false, true, true));
            for (int layer = 0; layer < 6; layer++) {
                GgufHeader.Entry sinks =
                        Objects.requireNonNull(file.tensors().get("blk." + layer + ".attn_sinks.weight"));
                assertThat(sinks.type()).isEqualTo(GgufType.F32);
                assertThat(file.tensor(sinks, DType.FLOAT32).toFloats())
                        .containsExactly(-1e30f, -1e30f, -1e30f, -1e30f);
            }
        }
    }

    /// What there is of it, llama.cpp's own converter wrote alike ([GgufWriterTest]).
    @Test
    void allButTheSinksAreTheTensorsOfALlama() {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "cwm-llama3", 1);
        ModelFolder global = new ModelFolder(
                model.path(), model.config().allGlobal(), model.stopTokenIds(), model.storedDType(), null);
        Path llama = folder.resolve("llama.gguf");
        GgufWriter.write(global, llama, new GgufOutput(GgufOutput.Type.F32));
        try (GgufFile expected = GgufFile.open(llama);
                GgufFile file = GgufFile.open(written(model))) {
            assertThat(file.tensors().keySet().stream().filter(name -> !GgufNames.isSinks(name)))
                    .containsExactlyElementsOf(expected.tensors().keySet());
            assertThat(file.tensors()).hasSize(expected.tensors().size() + 4);
            expected.tensors().forEach((name, entry) -> {
                GgufHeader.Entry found = Objects.requireNonNull(file.tensors().get(name));
                assertThat(found.sizes()).isEqualTo(entry.sizes());
                assertThat(GgufWriterTest.bytes(found)).as(name).isEqualTo(GgufWriterTest.bytes(entry));
            });
        }
    }

    @Test
    void whatNoWeightStandsBehindIsNeitherNamedNorCounted() throws IOException {
        ModelFolder model = GgufModels.write(folder.resolve("m"), "cwm-llama3", 1);
        GgufWriter writer = GgufWriter.of(model, GgufOutput.Type.F32, true);
        var shapes = ZebraParameters.shapes(model.config());

        assertThat(writer.types()).containsOnlyKeys(shapes.keySet());
        assertThat(writer.tensorBytes())
                .isEqualTo(shapes.values().stream()
                        .mapToLong(shape -> 4 * LongStream.of(shape).reduce(1, Math::multiplyExact))
                        .sum());
        assertThat(writer.fileBytes()).isEqualTo(Files.size(written(model)));
    }

    @ParameterizedTest
    @CsvSource({"zebra, cwm", "cwm-llama3, cwm", "ministral, cwm", "qwen2-local, qwen2", "smollm3-local, smollm3"})
    void theSameModelComesBack(String name, String type) {
        ModelFolder model = GgufModels.write(folder.resolve("m"), name, 1);
        Path path = written(model);

        assertThat(new GgufModel(path).config().path("model_type").asText()).isEqualTo(type);
        ModelFolder back = ModelFolder.read(path);
        assertThat(back.config()).isEqualTo(model.config());
        try (WeightSource before = model.weights();
                WeightSource after = back.weights();
                var _ = Scope.open()) {
            assertThat(after.names()).containsExactlyInAnyOrderElementsOf(before.names());
            for (String weight : before.names()) {
                assertThat(after.tensor(weight).toFloats())
                        .as(weight)
                        .isEqualTo(before.tensor(weight).toFloats());
            }
        }
    }
}
