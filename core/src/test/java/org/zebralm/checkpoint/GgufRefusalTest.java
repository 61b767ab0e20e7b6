package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// What llama.cpp would compute otherwise is refused by name.
class GgufRefusalTest {
    @TempDir
    Path folder;

    static Stream<Arguments> changes() {
        return Stream.of(
                Arguments.of(
                        "qwen3",
                        """
                        {"num_hidden_layers": 6, "use_sliding_window": true, "sliding_window": 9,
                         "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention",
                           "sliding_attention", "sliding_attention"]}""",
                        "in the nearest, qwen3, all layers attend globally: got a window of 9 in layers 1 to 2, 4 to 5"),
                Arguments.of(
                        "qwen3",
                        "{\"use_sliding_window\": true, \"sliding_window\": 9, \"max_window_layers\": 0}",
                        "got a window of 9 in every layer"),
                Arguments.of(
                        "smollm3",
                        "{\"use_sliding_window\": true, \"sliding_window\": 9}",
                        "smollm3, all layers attend globally: got a window of 9 in layers 3"),
                Arguments.of("zebra", "{\"hidden_act\": \"gelu\"}", "granite_swa, the activation is SILU: got GELU"),
                Arguments.of("zebra", """
                        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "beta_slow": 2,
                          "original_max_position_embeddings": 32}}""", "granite_swa, yarn has beta_fast 32 and beta_slow 1: got 32.0 and 2.0"),
                Arguments.of("llama", """
                        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "beta_fast": 16,
                          "original_max_position_embeddings": 32}}""", "yarn has beta_fast 32 and beta_slow 1: got 16.0 and 1.0"),
                Arguments.of("llama", """
                        {"rope_parameters": {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "truncate": false,
                          "original_max_position_embeddings": 32}}""", "yarn rounds the ends of its ramp: got truncate false"),
                Arguments.of("qwen3", """
                        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 10000.0, "factor": 4.0,
                          "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}""", "qwen3, llama3 scaling is not known"),
                Arguments.of("qwen3", "{\"attention_bias\": true}", "queries, keys and values have no biases"),
                Arguments.of("llama", "{\"hidden_act\": \"gelu\"}", "the activation is SILU: got GELU"),
                Arguments.of(
                        "gemma2",
                        "{\"layer_types\": [\"full_attention\", \"sliding_attention\", \"full_attention\","
                                + " \"sliding_attention\", \"full_attention\"]}",
                        "the layers with a window are 0, 2, 4: got 1, 3"),
                Arguments.of("gemma2", "{\"query_pre_attn_scalar\": 25}", "scores are multiplied by 0.2041"),
                Arguments.of("gemma2", "{\"final_logit_softcapping\": null}", "logits are always capped: got no cap"),
                Arguments.of("gemma2", "{\"tie_word_embeddings\": false}", "the head is the embedding"),
                Arguments.of(
                        "gemma3",
                        "{\"sliding_window_pattern\": 4}",
                        "the layers with a window are 0 to 4, 6 to 7: got 0 to 2, 4 to 6"),
                Arguments.of("gemma3", """
                        {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 1000000.0},
                          "sliding_attention": {"rope_type": "default", "rope_theta": 20000.0}}}""", "rope_theta of local layers is 10000.0: got 20000.0"),
                Arguments.of("olmo3", """
                        {"rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 500000.0},
                          "sliding_attention": {"rope_type": "linear", "rope_theta": 500000.0, "factor": 2.0}}}""", "positions of local layers are not scaled"),
                Arguments.of(
                        "smollm3",
                        "{\"no_rope_layers\": [1, 1, 0, 1, 1]}",
                        "every 4th layer has no positions, and all others have: got layer 2 without"),
                Arguments.of("cohere2", "{\"attention_bias\": true}", "the projection out of attention has no bias"));
    }

    @ParameterizedTest
    @MethodSource("changes")
    void whatLlamaCppComputesOtherwise(String name, String change, String reason) throws IOException {
        ModelFolder before = GgufModels.write(folder.resolve("before"), name, 1);
        assertThat(GgufWriter.refusal(before.config())).isEmpty();
        ObjectNode config = GgufModels.config(name);
        ObjectNode changes = (ObjectNode) new ObjectMapper().readTree(change);
        if (changes.has("rope_parameters")) {
            config.remove("rope_theta");
        }
        config.setAll(changes);

        ModelFolder model = GgufModels.write(folder.resolve("after"), config, 1);

        assertThat(GgufWriter.refusal(model.config()))
                .hasValueSatisfying(refusal -> assertThat(refusal)
                        .startsWith("no architecture of llama.cpp that is written computes this model; ")
                        .contains(reason));
        Path file = folder.resolve("a.gguf");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GgufWriter.write(model, file, new GgufOutput(GgufOutput.Type.F32)))
                .withMessageContaining(reason);
        assertThat(file).doesNotExist();
    }

    @Test
    void expertsAndSinksAreRefused() {
        assertThat(GgufWriter.refusal(
                        ModelFolder.read(FamilyFixture.of("gpt-oss").folder()).config()))
                .hasValueSatisfying(refusal -> assertThat(refusal)
                        .contains("in the nearest, granite_swa, experts are not written")
                        .contains("sinks that take probability are not written"));
    }

    /// Which no config.json can say, but a program.
    @Test
    void windowsOfTwoSizesAreRefused() {
        ZebraConfig config = GgufModels.write(folder.resolve("m"), "zebra", 1).config();
        List<AttentionType> types = new ArrayList<>(config.attentionTypes());
        types.set(4, new AttentionType.Local(7));

        assertThat(GgufWriter.refusal(config)).isEmpty();
        assertThat(GgufWriter.refusal(config.withAttentionTypes(types)))
                .hasValueSatisfying(refusal -> assertThat(refusal)
                        .endsWith("in the nearest, granite_swa, local layers share one window: got 9 and 7"));
    }
}
