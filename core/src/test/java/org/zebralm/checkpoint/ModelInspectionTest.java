package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.tensor.DType;

class ModelInspectionTest {
    @TempDir
    Path folder;

    /// What is unusual by the cases of `oracle/family_cases.py`.
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            llama-linear      | biases on queries, keys and values; a bias on the attention's output; biases in the feed-forward part
            llama31           | a text ends at any of the tokens [2, 3]
            llama-dynamic     | dynamic scaling, which is frozen for a stated length (--positions)
            qwen2             | biases on queries, keys and values
            qwen3             | a norm on each head's queries and keys
            gemma2            | RMS norms that multiply with 1 + weight; norms before and after attention and feed-forward part; activation gelu_tanh instead of silu; scores scaled by 0.2041 whatever the head's width; scores capped at 2; embeddings scaled by 5.657; logits capped at 6
            gemma3-text       | layers rotate in 2 ways
            gemma3-multimodal | the language model of one that also sees
            olmo3             | norms after attention and feed-forward part instead of before them; a norm on queries and on keys over all heads together
            smollm3           | layers know no positions
            cohere2           | layer norms (with a mean, without a bias); attention and feed-forward part side by side behind one norm; neighbouring elements of a head rotated together; logits scaled by 0.5
            gpt-oss           | a sink in each head, which takes probability; 4 experts in each layer, of which a token uses 2
            zebra-official    | settings of the published Zebra code: window_size 8 is a window of 9, a token's own included; rotary frequencies stored with the weights, which are not needed
            mistral-full      | no tokenizer
            """)
    void whatIsUnusualIsSaidInWords(String name, String phrases) {
        ModelInspection inspection = ModelInspection.of(FamilyFixture.of(name).folder());

        for (String phrase : phrases.split("; ", -1)) {
            assertThat(inspection.unusual()).anyMatch(said -> said.endsWith(phrase));
        }
        assertThat(inspection.elementsByType()).containsOnlyKeys("float32");
        assertThat(inspection.form()).isEqualTo("a Hugging Face folder");
        assertThat(inspection.exports()).hasSameSizeAs(ConvertTarget.values());
    }

    @Test
    void exportsSayWhatIsRefusedAndWhatIsLost() {
        var qwen = ModelInspection.of(FamilyFixture.of("qwen2").folder());
        assertThat(qwen.exports().getFirst())
                .isEqualTo(new ModelInspection.Export(
                        ConvertTarget.HF, null, "qwen2", List.of("there is no tokenizer to go along")));
        assertThat(qwen.exports().get(1).refusal()).contains("got biases on queries, keys and values");
        assertThat(qwen.exports().get(2).refusal()).isNull();
        assertThat(qwen.exports().get(2).family()).isEqualTo("granite_swa");
        assertThat(qwen.exports().get(2).losses())
                .endsWith(
                        "the file needs a llama.cpp that knows granite_swa, as 0.5.0 does; older ones refuse it",
                        "the file has no tokenizer, as the model has none");
        assertThat(ModelInspection.of(FamilyFixture.of("qwen3").folder())
                        .exports()
                        .get(2)
                        .refusal())
                .contains(
                        "no architecture of llama.cpp that is written computes this model; in the nearest, qwen3, queries,"
                                + " keys and values have no biases")
                .contains("; all layers attend globally: got a window");

        var zebra = ModelInspection.of(FamilyFixture.of("zebra-official").folder());
        assertThat(zebra.exports().getFirst().refusal()).contains("a llama has no local layers in transformers");
        assertThat(zebra.exports().get(1).refusal()).isNull();
        assertThat(zebra.exports().get(1).losses())
                .contains("keys of its config.json that change nothing: pretraining_tp, use_fsdp");
        assertThat(zebra.exports().get(2).refusal()).isNull();
        assertThat(zebra.exports().get(2).family()).isEqualTo("granite_swa");

        var seeing = ModelInspection.of(FamilyFixture.of("gemma3-multimodal").folder());
        assertThat(seeing.exports().getFirst().losses())
                .contains("all but the language model: what it sees with is left out");
    }

    @Test
    void whatAGgufFileWouldLoseIsSaid() {
        var mistral = ModelInspection.of(FamilyFixture.of("mistral-full").folder());

        ModelInspection.Export gguf = mistral.exports().get(2);
        assertThat(gguf.refusal()).isNull();
        assertThat(gguf.family()).isEqualTo("llama");
        assertThat(gguf.losses()).endsWith("the file has no tokenizer, as the model has none");
        assertThat(gguf.losses()).noneMatch(loss -> loss.contains("rounded"));
        assertThat(ModelInspection.of(Fixtures.path("gguf/llama-quantized.gguf"))
                        .exports()
                        .get(2)
                        .losses())
                .anyMatch(loss -> loss.matches("\\d+ tensors of Q8_0 rounded to bfloat16"));
    }

    @Test
    void storedTypesAreThoseOfTheFile() {
        var quantized = ModelInspection.of(Fixtures.path("gguf/llama-quantized.gguf"));

        assertThat(quantized.form()).isEqualTo("a GGUF file");
        assertThat(quantized.unusual().contains("no tokenizer"))
                .isEqualTo(quantized.exports().getFirst().losses().contains("there is no tokenizer to go along"));
        assertThat(quantized.family()).isEqualTo("llama");
        assertThat(quantized.elementsByType()).containsKeys("Q8_0", "float32");
        assertThat(quantized.elementsByType().values().stream()
                        .mapToLong(Long::longValue)
                        .sum())
                .isEqualTo(ZebraParameters.shapes(quantized.folder().config()).values().stream()
                        .mapToLong(shape -> Arrays.stream(shape).reduce(1, (a, b) -> a * b))
                        .sum());
    }

    @Test
    void settingsAloneAreEnough() throws IOException {
        Files.copy(Fixtures.path("llama/config.json"), folder.resolve("config.json"));
        var bare = ModelInspection.of(folder);

        assertThat(bare.elementsByType()).isEmpty();
        assertThat(bare.unusual()).anyMatch(said -> said.contains("holds no weights"));
        assertThat(bare.exports().getFirst().refusal()).isNull();
    }

    @Test
    void whatDoesNotGoTogetherIsSaid() throws IOException {
        try (var tiny = TinyModel.of(TinyModel.config(true, GLOBAL), 1)) {
            ModelFolder.save(folder, tiny.zebra().config(), tiny.weights(), DType.FLOAT32, null);
        }
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("float32", "bfloat16"));
        Files.writeString(
                folder.resolve("tokenizer.json"),
                "{\"model\":{\"type\":\"WordLevel\",\"unk_token\":\"a\",\"vocab\":{\"a\":0,\"b\":1}},\"added_tokens\":[]}");
        var inspection = ModelInspection.of(folder);

        assertThat(inspection.unusual())
                .contains("weights stored as float32, though the config says bfloat16")
                .contains("a tokenizer of 2 tokens for a vocabulary of 48: the last rows are padding");
        assertThat(inspection.ignoredKeys()).contains("use_cache", "initializer_range");
    }
}
