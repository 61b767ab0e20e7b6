package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.zebralm.checkpoint.TinyModel.GLOBAL;
import static org.zebralm.checkpoint.TinyModel.LOCAL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Folders that we write, opened by transformers with no code of ours (`oracle/interop.py`).
///
/// Needs a Python with transformers, named by the environment variable `ZEBRA_ORACLE_PYTHON`: see `oracle/README.md`.
@Tag("interop")
class TransformersInteropTest {
    private static final int TOKENS = 31;
    private static final String TOKENIZER = """
            {"version": "1.0", "truncation": null, "padding": null, "normalizer": null, "pre_tokenizer": null,
             "post_processor": null, "decoder": null,
             "added_tokens": [
               {"id": 1, "content": "<s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true},
               {"id": 2, "content": "</s>", "single_word": false, "lstrip": false, "rstrip": false, "normalized": false, "special": true}],
             "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
               "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
               "vocab": {"a": 0, "<s>": 1, "</s>": 2, "b": 3, " ": 4, "ab": 5}, "merges": [["a", "b"]]}}""";

    @TempDir
    Path folder;

    static Stream<Arguments> models() {
        return Stream.of(
                Arguments.of("LlamaForCausalLM", true, 1, List.of(GLOBAL, GLOBAL)),
                Arguments.of("LlamaForCausalLM", false, -1, List.of(GLOBAL)),
                Arguments.of("CwmForCausalLM", false, 1, List.of(GLOBAL, LOCAL, LOCAL, LOCAL, GLOBAL)),
                Arguments.of("CwmForCausalLM", true, -1, List.of(LOCAL, LOCAL, GLOBAL)),
                Arguments.of("CwmForCausalLM", true, 1, List.of(LOCAL, LOCAL)));
    }

    @ParameterizedTest
    @MethodSource("models")
    void transformersOpensWhatWeWriteAndComputesTheSame(
            String expectedClass, boolean tied, int bos, List<AttentionType> types)
            throws IOException, InterruptedException {
        var config = new ZebraConfig(48, 32, 24, 4, 2, 12, types, 5_000, 1e-5, 64, tied, bos, bos < 0 ? -1 : 2, -1);
        Path model = folder.resolve("model");
        Path tokenizer = Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
        Path ours = folder.resolve("ours.safetensors");
        try (var tiny = TinyModel.of(config, 7);
                var _ = Scope.open()) {
            // Larger than a start, so that what a layer attends to matters.
            tiny.weights().values().forEach(weight -> weight.mulInPlace(2));
            ModelFolder.save(model, config, tiny.weights(), DType.FLOAT32, tokenizer, 8_000);
            writeLogits(tiny, ours);
        }

        JsonNode report = Interop.compare(model, ours).getFirst();

        assertThat(report.path("class").asText()).isEqualTo(expectedClass);
        assertThat(report.at("/rope_parameters/rope_type").asText()).isEqualTo("default");
        assertThat(report.path("max_difference").asDouble(1)).as("%s", report).isLessThanOrEqualTo(1e-4);
        assertThat(report.path("generated").asInt()).isPositive();
        assertThat(report.path("ids").valueStream().map(JsonNode::asInt)).containsExactly(5, 4, 0);
        if (bos >= 0) {
            assertThat(report.path("eos_token").asText()).isEqualTo("</s>");
        }
    }

    private static void writeLogits(TinyModel tiny, Path file) {
        int[] ids = new int[2 * TOKENS];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = 3 + (i * 17 + i / 5) % 45;
        }
        Tensor logits = tiny.zebra().forward(ids, CumulativeLengths.of(0, TOKENS, 2 * TOKENS));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("ids", Tensors.ofIds(ids).reshape(2, TOKENS));
        tensors.put("logits", logits.reshape(2, TOKENS, 48));
        SafetensorsWriter.write(file, tensors, Map.of());
    }
}
