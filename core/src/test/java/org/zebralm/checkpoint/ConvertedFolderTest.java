package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.tokenizer.Tokenizer;

/// What lies in a converted model's folder, and what becomes of a folder that holds something already.
class ConvertedFolderTest {
    private static final Conversion UNCHANGED = Conversion.unchanged(null);

    @TempDir
    Path folder;

    private Path source;
    private Path target;

    @BeforeEach
    void saveTheSource() {
        source = folder.resolve("source");
        target = folder.resolve("target");
        try (var tiny = TinyModel.of(TinyModel.config(true, GLOBAL, LOCAL), 1)) {
            ModelFolder.save(source, tiny.zebra().config(), tiny.weights(), DType.FLOAT32, null);
        }
    }

    private void convert(Conversion conversion, boolean force) {
        ConversionPlan.of(source, conversion).write(target, force, _ -> {});
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .map(file -> folder.relativize(file).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void everythingOfTheTokenizerGoesAlong() throws IOException {
        Files.copy(Fixtures.path("sentencepiece/llama.model"), source.resolve("tokenizer.model"));
        Map<String, String> files = new LinkedHashMap<>();
        files.put("tokenizer.json", tokenizerJson());
        files.put("tokenizer_config.json", "{\"bos_token\": \"<s>\"}");
        files.put("special_tokens_map.json", "{\"eos_token\": \"</s>\"}");
        files.put("chat_template.jinja", "{{ messages[0].content }}");
        files.put("additional_chat_templates/rag.jinja", "rag");
        files.put("generation_config.json", "{\"eos_token_id\": [2, 7], \"temperature\": 0.6}");
        for (var file : files.entrySet()) {
            Path path = source.resolve(file.getKey());
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            Files.writeString(path, file.getValue());
        }
        Files.writeString(source.resolve("README.md"), "not the model's");
        Files.createDirectories(source.resolve("additional_chat_templates"));

        convert(UNCHANGED, false);

        List<String> expected = new ArrayList<>(files.keySet());
        expected.addAll(List.of("config.json", "model.safetensors", "tokenizer.model"));
        assertThat(names(target)).containsExactlyInAnyOrderElementsOf(expected);
        for (String copied : files.keySet()) {
            if (copied.endsWith(".json")) {
                assertThat(json(copied)).isEqualTo(JsonFile.read(source.resolve(copied)));
            } else {
                assertThat(target.resolve(copied)).hasSameTextualContentAs(source.resolve(copied));
            }
        }
        assertThat(ModelFolder.read(target).stopTokenIds()).containsExactly(2, 7);
    }

    private static String tokenizerJson() {
        StringBuilder vocab = new StringBuilder();
        for (int id = 0; id < 40; id++) {
            vocab.append(id == 0 ? "" : ",")
                    .append("\"t")
                    .append(id)
                    .append("\":")
                    .append(id);
        }
        return "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"t0\",\"vocab\":{" + vocab
                + "}},\"added_tokens\":[]}";
    }

    private JsonNode json(String name) {
        return JsonFile.read(target.resolve(name));
    }

    @Test
    void aFolderThatHoldsSomethingIsReplacedOnlyIfAskedAndWithoutALeftoverOfTheOldModel() throws IOException {
        Files.createDirectories(target.resolve("additional_chat_templates"));
        for (String stale : List.of("chat_template.jinja", "tokenizer.json", "additional_chat_templates/x.jinja")) {
            Files.writeString(target.resolve(stale), "of another model");
        }
        Files.writeString(target.resolve("model-00001-of-00002.safetensors"), "of another model");
        Files.writeString(target.resolve("notes.txt"), "mine");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(UNCHANGED, false))
                .withMessageContaining("must be empty or new")
                .withMessageContaining("--force");
        assertThat(target.resolve("model-00001-of-00002.safetensors")).exists();

        convert(UNCHANGED, true);
        assertThat(names(target))
                .containsExactly("config.json", "generation_config.json", "model.safetensors", "notes.txt");
    }

    @Test
    void theModelItselfIsNeverWrittenTo() throws IOException {
        Path link = Files.createSymbolicLink(folder.resolve("link"), source);
        Path weights = source.resolve("model.safetensors");
        for (Path own : List.of(source, source.resolve("inner/deep"), link, link.resolve("inner"))) {
            for (Path from : List.of(source, link)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> ConversionPlan.of(from, UNCHANGED).write(own, true, _ -> {}))
                        .withMessageContaining("must have a folder of its own");
            }
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(weights, UNCHANGED).write(source, true, _ -> {}))
                .withMessageContaining("must have a folder of its own");
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(source, UNCHANGED).write(file, true, _ -> {}))
                .withMessageContaining("is a file");
    }

    @Test
    void whatAStoppedConversionLeavesDoesNotStandInTheWay() throws IOException {
        Files.createDirectories(target.resolve(".saving-123/inner"));
        Files.writeString(target.resolve(".saving-123/model.safetensors"), "a part");
        convert(UNCHANGED, false);
        assertThat(target.resolve(".saving-123")).doesNotExist();
        assertThat(ModelFolder.read(target).config())
                .isEqualTo(ModelFolder.read(source).config());
    }

    @Test
    void stoppingLeavesNothingBehind() throws IOException {
        List<Long> written = new ArrayList<>();
        assertThatExceptionOfType(UncheckedIOException.class)
                .isThrownBy(() -> ConversionPlan.of(source, UNCHANGED).write(target, false, bytes -> {
                    written.add(bytes);
                    if (written.size() == 3) {
                        throw new UncheckedIOException("enough", new IOException());
                    }
                }));
        assertThat(names(target)).isEmpty();

        long total = ConversionPlan.of(source, UNCHANGED).weightBytes();
        written.clear();
        ConversionPlan.of(source, UNCHANGED).write(target, false, written::add);
        assertThat(written).isSorted().endsWith(total);
    }

    @ParameterizedTest
    @CsvSource({"FLOAT16, F16", "BFLOAT16, BF16", "FLOAT32, F32"})
    void weightsHaveTheTypeThatIsAskedForInFilesOfTheSizeAskedFor(DType dtype, String code) {
        ConversionPlan plan =
                ConversionPlan.of(source, UNCHANGED.withDType(dtype).withMaxShardBytes(2000));
        plan.write(target, false, _ -> {});

        assertThat(SafetensorsDType.code(dtype)).isEqualTo(code);
        assertThat(json("config.json").path("dtype").asText()).isEqualTo(dtype.label());
        assertThat(plan.losses().stream()
                        .filter(loss -> loss.contains("rounded"))
                        .count())
                .isEqualTo(dtype == DType.FLOAT32 ? 0 : 1);
        assertThat(target.resolve("model.safetensors")).doesNotExist();
        try (var before = FolderWeights.open(source);
                var after = FolderWeights.open(target);
                var _ = Scope.open()) {
            long bytes = 0;
            for (String name : before.names()) {
                assertThat(after.dtype(name)).isEqualTo(dtype);
                Tensor tensor = before.tensor(name);
                assertThat(after.tensor(name).toFloats())
                        .isEqualTo(tensor.to(dtype).toFloats());
                bytes += tensor.numElements() * dtype.bytes();
            }
            assertThat(plan.weightBytes()).isEqualTo(bytes);
        }
    }

    @Test
    void aNumberTooLargeForFloat16IsRefusedByName() throws IOException {
        replaceWeights(weights -> weights.put("model.norm.weight", Tensors.full(70_000, DType.FLOAT32, 16)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(UNCHANGED.withDType(DType.FLOAT16), false))
                .withMessageContaining("every number of model.norm.weight must be finite and below 65520");
        assertThat(names(target)).isEmpty();
        convert(UNCHANGED.withDType(DType.BFLOAT16), false);
    }

    @Test
    void withoutAnythingElseEachTensorKeepsItsType() {
        replaceWeights(
                weights -> weights.computeIfPresent("model.norm.weight", (_, weight) -> weight.to(DType.BFLOAT16)));
        convert(UNCHANGED, false);
        try (var after = FolderWeights.open(target)) {
            assertThat(after.dtype("model.norm.weight")).isEqualTo(DType.BFLOAT16);
            assertThat(after.dtype("model.embed_tokens.weight")).isEqualTo(DType.FLOAT32);
        }
        assertThat(json("config.json").path("dtype").asText()).isEqualTo("float32");
    }

    private void replaceWeights(Consumer<Map<String, Tensor>> change) {
        try (var _ = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            try (var files = FolderWeights.open(source)) {
                files.names()
                        .forEach(name -> weights.put(name, files.tensor(name).copy()));
            }
            change.accept(weights);
            SafetensorsWriter.write(source.resolve("model.safetensors"), weights, Map.of());
        }
    }

    @Test
    void aTokenizerWithMoreTokensThanTheModelIsRefusedBeforeWeightsAreWritten() throws IOException {
        Files.writeString(
                source.resolve("tokenizer.json"),
                tokenizerJson().replace("t39", "t99").replace(":39", ":99"));
        List<Long> written = new ArrayList<>();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ConversionPlan.of(source, UNCHANGED).write(target, false, written::add))
                .withMessageContaining("must not make ids beyond the model's vocabulary of 48: t99 has id 99");
        assertThat(written).isEmpty();
        assertThat(names(target)).isEmpty();
    }

    @Test
    void weightsThatDoNotFitAreRefusedBeforeAnythingIsWritten() {
        replaceWeights(weights -> weights.remove("model.norm.weight"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> convert(UNCHANGED, false))
                .withMessageContaining("missing: model.norm.weight [16]");
        assertThat(target).doesNotExist();
    }

    @Test
    void theTokenizerWithinAGgufFileIsWritten() throws IOException {
        Path gguf = Fixtures.path("gguf/sentencepiece-llama.gguf");
        var config = new ZebraConfig(4000, 16, 24, 4, 2, 4, List.of(GLOBAL), 10_000, 1e-5, 64, true, 1, 2, -1);
        Files.createDirectories(target);

        assertThat(TokenizerFiles.copy(ModelFiles.at(gguf), config, target)).isTrue();

        try (Tokenizer within = Objects.requireNonNull(ModelFiles.at(gguf).tokenizer());
                Tokenizer written = Tokenizer.load(target.resolve("tokenizer.json"))) {
            for (String text : List.of("Hello there, 12 zebras!", "é ½  x", "")) {
                assertThat(written.encodePrompt(text)).isEqualTo(within.encodePrompt(text));
            }
            assertThat(written.specialTokens().bos()).isEqualTo("<s>");
        }
        assertThat(json("tokenizer_config.json").path("eos_token").asText()).isEqualTo("</s>");
    }

    @Test
    void theTokenizerBesideALlama2cCheckpointIsWritten() throws IOException {
        var config = new ZebraConfig(265, 16, 24, 4, 2, 4, List.of(GLOBAL), 10_000, 1e-5, 64, true, 1, 2, -1);
        try (var tiny = TinyModel.of(config, 1)) {
            source = Files.write(folder.resolve("stories.bin"), Llama2cFiles.model(tiny, 0));
        }
        Files.write(folder.resolve("tok265.bin"), Llama2cFiles.tokenizer(265));
        Files.writeString(folder.resolve("chat_template.jinja"), "{{ messages[0].content }}");

        convert(UNCHANGED, false);

        try (Tokenizer written = Objects.requireNonNull(ModelFolder.read(target).tokenizer())) {
            assertThat(written.encodePrompt("ab")).containsExactly(1, 264);
        }
        assertThat(json("tokenizer_config.json").path("unk_token").asText()).isEqualTo("<unk>");
        assertThat(target.resolve("chat_template.jinja")).hasContent("{{ messages[0].content }}");
    }
}
