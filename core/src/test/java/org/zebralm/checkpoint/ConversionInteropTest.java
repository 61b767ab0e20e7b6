package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.tokenizer.Tokenizer;

/// Converted models, opened by transformers with no code of ours: their logits are those that we compute.
///
/// Sequences are longer than every window and, where a scaling has one, than the original length. What each line of the
/// output says is what `results/` has.
@Tag("interop")
class ConversionInteropTest {
    private static final int TOKENS = 48;
    private static final double TOLERANCE = 1e-4;

    @TempDir
    Path folder;

    private final List<String> names = new ArrayList<>();
    private final List<String> classes = new ArrayList<>();
    private final List<Path> paths = new ArrayList<>();

    /// Converts a model and computes its logits; `expectedClass` is what transformers must take it for.
    private void add(String name, Path source, Conversion conversion, String expectedClass) {
        Path model = folder.resolve("model-" + names.size());
        ConversionPlan.of(source, conversion).write(model, false, _ -> {});
        add(name, model, expectedClass);
    }

    private void add(String name, Path model, String expectedClass) {
        Path ours = folder.resolve("ours-" + names.size() + ".safetensors");
        writeLogits(model, ours);
        names.add(name);
        classes.add(expectedClass);
        paths.add(model);
        paths.add(ours);
    }

    private static void writeLogits(Path model, Path file) {
        ModelFolder read = ModelFolder.read(model);
        // transformers measures dynamic scaling by the sequence it is given.
        ModelFolder stated = read.withPositions(Math.max(read.config().maxPositions(), TOKENS));
        int vocabSize = read.config().vocabSize();
        int[] ids = new int[2 * TOKENS];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 6 + (i * 17 + i / 5) % Math.min(vocabSize - 6, 80);
        }
        try (var loaded = LoadedModel.open(stated, DType.FLOAT32, new PortableAttention());
                var _ = Scope.open()) {
            Tensor logits = loaded.zebra().forward(ids, CumulativeLengths.of(0, TOKENS, 2 * TOKENS));
            Map<String, Tensor> tensors = new LinkedHashMap<>();
            tensors.put("ids", Tensors.ofIds(ids).reshape(2, TOKENS));
            tensors.put("logits", logits.reshape(2, TOKENS, vocabSize));
            SafetensorsWriter.write(file, tensors, Map.of());
        }
    }

    private List<JsonNode> compare() throws IOException, InterruptedException {
        List<JsonNode> reports = Interop.compare(paths.toArray(Path[]::new));
        for (int i = 0; i < names.size(); i++) {
            JsonNode report = reports.get(i);
            System.out.printf(
                    "| %s | `%s` | %.1e | %.1f |%n",
                    names.get(i),
                    report.path("class").asText(),
                    report.path("max_difference").asDouble(1),
                    report.path("max_logit").asDouble());
        }
        for (int i = 0; i < names.size(); i++) {
            assertThat(reports.get(i).path("class").asText()).as(names.get(i)).isEqualTo(classes.get(i));
            assertThat(reports.get(i).path("max_difference").asDouble(1))
                    .as(names.get(i))
                    .isLessThanOrEqualTo(TOLERANCE);
            assertThat(reports.get(i).path("generated").asInt()).isPositive();
        }
        return reports;
    }

    private static String classOf(Path source) {
        return SourceModel.read(source).type().architecture;
    }

    @Test
    void everyFamilyIsWrittenAsItself() throws IOException, InterruptedException {
        for (String family : FamilyFixture.names().toList()) {
            Path source = FamilyFixture.of(family).folder();
            if (!family.equals("zebra-official")) {
                add(family, source, Conversion.unchanged(ConvertTarget.HF), classOf(source));
            }
        }
        for (String file : List.of("llama", "qwen2", "qwen3", "gemma2", "gemma3")) {
            Path source = Fixtures.path("gguf/" + file + ".gguf");
            add(file + ".gguf", source, Conversion.unchanged(ConvertTarget.HF), classOf(source));
        }
        compare();
    }

    @Test
    void whatIsLikeLlamaIsWrittenAsCwm() throws IOException, InterruptedException {
        for (String family : FamilyFixture.names().toList()) {
            Path source = FamilyFixture.of(family).folder();
            ModelInspection.Export cwm = ModelInspection.of(source).exports().stream()
                    .filter(export -> export.target() == ConvertTarget.CWM)
                    .findFirst()
                    .orElseThrow();
            if (cwm.refusal() == null) {
                String expected = cwm.family().equals("cwm") ? "CwmForCausalLM" : "LlamaForCausalLM";
                add(family, source, Conversion.unchanged(ConvertTarget.CWM), expected);
            }
        }
        assertThat(names).contains("zebra-official", "ministral", "llama31");
        compare();
    }

    @Test
    void otherLayersAreComputedAlikeInEveryFamilyThatHasThem() throws IOException, InterruptedException {
        for (String family : List.of(
                "ministral", "qwen2", "qwen3", "gemma2", "gemma3-text", "olmo3", "smollm3", "cohere2", "gpt-oss")) {
            Path source = FamilyFixture.of(family).folder();
            int numLayers = ModelFolder.read(source).config().numLayers();
            Conversion first = Conversion.unchanged(ConvertTarget.HF).withLayers(LayerPattern.grouped(numLayers, 6));
            add(family + ", the first layer global, a window of 6", source, first, classOf(source));
            Conversion all = Conversion.unchanged(ConvertTarget.HF).withLayers(LayerPattern.parse("G", null));
            add(family + ", all global", source, all, classOf(source));
        }
        compare();
    }

    @Test
    void aFullAttentionLlamaBecomesAZebra() throws IOException, InterruptedException {
        Conversion zebra = Conversion.unchanged(null).withLayers(LayerPattern.grouped(2, 9));
        for (String family : List.of("llama2", "llama31", "mistral-full")) {
            add(family + ", groups of 2", FamilyFixture.of(family).folder(), zebra, "CwmForCausalLM");
        }
        Path llama = FamilyFixture.of("llama2").folder();
        for (String rope : List.of(
                "linear:4,original=32",
                "ntk:4,original=32",
                "yarn:4,original=32",
                "yarn:4,original=16,beta_fast=4,beta_slow=0.5,truncate=false,attention_factor=1.2",
                "llama3:8,original=40",
                "dynamic:2,original=32",
                "theta=1000000")) {
            add(
                    "llama2, groups of 2, `--rope " + rope + '`',
                    llama,
                    zebra.withRope(RopeChange.parse(rope)),
                    "CwmForCausalLM");
        }
        compare();
    }

    @Test
    void otherRotationsAreComputedAlikeInEveryFamily() throws IOException, InterruptedException {
        Map<String, String> changes = new LinkedHashMap<>();
        changes.put("gemma3-text", "yarn:4,original=32");
        changes.put("olmo3", "linear:2,original=32");
        changes.put("qwen3", "yarn:4,original=32");
        changes.put("qwen2", "ntk:3,original=32");
        changes.put("smollm3", "llama3:4,original=32");
        changes.put("gpt-oss", "default,original=36");
        changes.put("cohere2", "theta=77777");
        changes.put("gemma2", "linear:2,original=32");
        changes.put("llama-linear", "yarn:2,original=32");
        changes.put("llama-dynamic", "linear:2");
        for (var change : changes.entrySet()) {
            Path source = FamilyFixture.of(change.getKey()).folder();
            Conversion conversion =
                    Conversion.unchanged(ConvertTarget.HF).withRope(RopeChange.parse(change.getValue()));
            add(change.getKey() + ", `--rope " + change.getValue() + '`', source, conversion, classOf(source));
        }
        compare();
    }

    /// A tokenizer out of a GGUF file, and one out of llama2.c's, as transformers takes what we make of them.
    @Test
    void tokenizersThatAreWrittenAnewEncodeAlike() throws IOException, InterruptedException {
        List<int[]> expected = new ArrayList<>();
        for (String file : List.of("sentencepiece-llama", "tokenizer-llama-bpe", "tokenizer-qwen2")) {
            ModelFiles gguf = ModelFiles.at(Fixtures.path("gguf/" + file + ".gguf"));
            try (Tokenizer tokenizer = Objects.requireNonNull(gguf.tokenizer())) {
                expected.add(tokenizer.encode("ab a"));
                Path model = folder.resolve("tokenizer-" + expected.size());
                saveTiny(model, tokenizer.vocabSize());
                TokenizerFiles.copy(gguf, ModelFolder.read(model).config(), model);
                add(file + ".gguf, its tokenizer", model, "LlamaForCausalLM");
            }
        }
        var config = new ZebraConfig(265, 16, 24, 4, 2, 4, List.of(GLOBAL), 10_000, 1e-5, 64, true, 1, 2, -1);
        try (var tiny = TinyModel.of(config, 1)) {
            Path source = Files.write(folder.resolve("stories.bin"), Llama2cFiles.model(tiny, 0));
            Files.write(folder.resolve("tok265.bin"), Llama2cFiles.tokenizer(265));
            add("llama2.c", source, Conversion.unchanged(null), "LlamaForCausalLM");
            try (Tokenizer tokenizer =
                    Objects.requireNonNull(ModelFolder.read(source).tokenizer())) {
                expected.add(tokenizer.encode("ab a"));
            }
        }

        List<JsonNode> reports = compare();

        for (int i = 0; i < expected.size(); i++) {
            assertThat(reports.get(i)
                            .path("ids")
                            .valueStream()
                            .mapToInt(JsonNode::asInt)
                            .toArray())
                    .as(names.get(i))
                    .isEqualTo(expected.get(i));
        }
    }

    private static void saveTiny(Path model, int vocabSize) {
        var config = new ZebraConfig(vocabSize, 16, 24, 4, 2, 4, List.of(GLOBAL), 10_000, 1e-5, 64, true, -1, -1, -1);
        try (var tiny = TinyModel.of(config, 1)) {
            ModelFolder.save(model, config, tiny.weights(), DType.FLOAT32, null);
        }
    }
}
