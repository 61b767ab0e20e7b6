package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.tensor.DType;

class ConfigReaderTest {
    private static final AttentionType GLOBAL = new AttentionType.Global();

    /// What every Llama folder has; a test adds to it.
    private static final String LLAMA = """
            {"model_type": "llama", "vocab_size": 100, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 4,
             "num_attention_heads": 4, "rms_norm_eps": 1e-5}""";

    private static final String ROPE = "'rope_parameters': {'rope_type': 'default', 'rope_theta': 20000.0}";
    private static final String CWM =
            "'model_type': 'cwm', 'head_dim': 8, 'num_key_value_heads': 2, 'bos_token_id': 1, 'eos_token_id': 2, ";

    @Test
    void whatLlamaLeavesOutHasItsDefaults() {
        ZebraConfig config = read("");

        assertThat(config)
                .isEqualTo(new ZebraConfig(
                        100,
                        32,
                        48,
                        4,
                        4,
                        8,
                        List.of(GLOBAL, GLOBAL, GLOBAL, GLOBAL),
                        10_000,
                        1e-5,
                        2048,
                        false,
                        1,
                        2,
                        -1));
    }

    @Test
    void headsMayHaveAWidthOfTheirOwn() {
        assertThat(read("'hidden_size': 33, 'head_dim': 12").headDim()).isEqualTo(12);
    }

    @Test
    void cwmTakesItsLayersAndWindowAsListed() {
        ZebraConfig config = read(CWM + ROPE + """
                , 'sliding_window': 9, 'layer_types':
                ['sliding_attention', 'full_attention', 'full_attention', 'sliding_attention']""");

        var local = new AttentionType.Local(9);
        assertThat(config.attentionTypes()).containsExactly(local, GLOBAL, GLOBAL, local);
        assertThat(config.sharedRope()).contains(RopeConfig.of(20_000));
    }

    @Test
    void cwmWithoutLayerTypesIsGlobalEveryFourthLayer() {
        var local = new AttentionType.Local(8192);

        assertThat(read(CWM + ROPE + ", 'num_hidden_layers': 5").attentionTypes())
                .containsExactly(GLOBAL, local, local, local, GLOBAL);
    }

    @ParameterizedTest
    @CsvSource({"512, 513", "0, 1", "511, 512"})
    void thePublishedCodesWindowCountsOneLess(int windowSize, int window) {
        var local = new AttentionType.Local(window);

        assertThat(LayerTypes.windowOfZebra(windowSize)).isEqualTo(window);
        assertThat(read("'self_attn_type': 'mix', 'layer_group_size': 3, 'window_size': " + windowSize)
                        .attentionTypes())
                .containsExactly(GLOBAL, local, local, GLOBAL);
        assertThat(read("'self_attn_type': 'sparse', 'window_size': " + windowSize)
                        .attentionTypes())
                .containsExactly(local, local, local, local);
        assertThat(read("'self_attn_type': 'full', 'layer_group_size': 3, 'window_size': " + windowSize)
                        .attentionTypes())
                .containsOnly(GLOBAL);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'rope_theta': 5000.0",
                "'rope_theta': 5000, 'rope_scaling': null",
                "'rope_theta': 5000, 'rope_scaling': {'type': 'default'}",
                "'rope_parameters': {'rope_type': 'default', 'rope_theta': 5000}",
                "'rope_parameters': {'rope_type': 'default'}, 'rope_theta': 5000",
                "'rope_parameters': {'rope_type': 'default', 'rope_theta': 5000}, 'rope_theta': 5000.0",
            })
    void theRotationsBaseIsReadFromOldAndNewKeys(String rope) {
        assertThat(read(rope).sharedRope()).contains(RopeConfig.of(5000));
    }

    @Test
    void severalEndTokensAreKeptAsideAndTheFirstIsTheConfigs() {
        ConfigReader.Contents contents =
                ConfigReader.read("config.json", json("'eos_token_id': [7, 8], 'pad_token_id': -1"));

        assertThat(contents.eosTokenIds()).containsExactly(7, 8);
        assertThat(contents.config().eosTokenId()).isEqualTo(7);
        assertThat(contents.config().padTokenId()).isEqualTo(-1);
    }

    @Test
    void aNullTokenIsNone() {
        assertThat(read("'bos_token_id': null, 'eos_token_id': null").bosTokenId())
                .isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"dtype, bfloat16", "torch_dtype, bfloat16"})
    void theStoredTypeIsReadFromOldAndNewKeys(String key, String dtype) {
        assertThat(ConfigReader.read("config.json", json("'" + key + "': '" + dtype + "'"))
                        .dtype())
                .isEqualTo(DType.BFLOAT16);
    }

    /// Each switch with the error it must cause.
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            'model_type': 'mamba'                         | model_type must be one of llama, cwm, mistral, ministral, qwen2, qwen3, gemma2, gemma3_text, olmo3, smollm3, cohere2, gpt_oss, gemma3: got "mamba"
            'hidden_act': 'relu'                          | hidden_act must be one of gelu, gelu_pytorch_tanh, silu, swish: got "relu"
            'attention_bias': 1                           | attention_bias must be true or false: got 1
            'model_type': 'mistral', 'attention_bias': true | attention_bias must be false (this model_type has none): got true
            'model_type': 'qwen2', 'mlp_bias': true       | mlp_bias must be false (this model_type has none): got true
            'model_type': 'qwen2', 'use_mrope': true      | use_mrope must be false (several axes of positions are not implemented): got true
            'model_type': 'gemma3_text', 'attn_logit_softcapping': 50.0 | attn_logit_softcapping must be null in a gemma3, which does not cap scores: got 50.0
            'model_type': 'gemma2', 'query_pre_attn_scalar': 0 | query_pre_attn_scalar must be above 0: got 0.0
            'model_type': 'gemma2', 'final_logit_softcapping': -1 | final_logit_softcapping must be above 0, or null for none: got -1.0
            'model_type': 'gemma2', 'use_bidirectional_attention': true | use_bidirectional_attention must be false
            'model_type': 'gemma2', 'hidden_activation': 'relu' | hidden_activation must be one of
            'model_type': 'cohere2', 'logit_scale': 0     | logit_scale must be above 0: got 0.0
            'model_type': 'cohere2', 'rotary_pct': 0.5    | rotary_pct must be 1
            'model_type': 'cohere2', 'use_qk_norm': true  | use_qk_norm must be false in a cohere2: got true
            'model_type': 'cohere2', 'sliding_window_pattern': 0 | sliding_window_pattern must be at least 1: got 0
            'model_type': 'gpt_oss', 'swiglu_limit': 6.0  | swiglu_limit must be 7 (no other limit is implemented): got 6.0
            'model_type': 'gpt_oss', 'num_local_experts': 2, 'num_experts_per_tok': 3 | num_experts_per_tok must be from 1 to num_local_experts: got 3 of 2
            'model_type': 'gpt_oss', 'quantization_config': {'quant_method': 'mxfp4'} | quantization_config must be left out
            'model_type': 'smollm3', 'no_rope_layers': [1, 1, 1] | no_rope_layers must name each of the 4 layers of num_hidden_layers: got 3
            'model_type': 'smollm3', 'no_rope_layers': [1, 1, 1, 2] | no_rope_layers must be of 1 (rotates) and 0 (does not): got 2
            'model_type': 'smollm3', 'no_rope_layer_interval': 0 | no_rope_layer_interval must be at least 1: got 0
            'model_type': 'mistral', 'layer_types': ['full_attention', 'sliding_attention', 'sliding_attention', 'sliding_attention'] | layer_types must be left out in a mistral
            'model_type': 'qwen3', 'layer_types': ['sliding_attention', 'full_attention', 'full_attention', 'full_attention'] | sliding_window must be at least 1 where layers are local: got none
            'model_type': 'olmo3', 'rope_theta': 10000    | rope_theta must be 500000 in an olmo3 without rope_parameters
            'model_type': 'olmo3', 'rope_parameters': {'full_attention': {'rope_type': 'yarn', 'factor': 2, 'truncate': false}} | rope_parameters.full_attention.truncate must be true here: got false
            'model_type': 'gemma3_text', 'rope_parameters': {'rope_type': 'linear', 'factor': 2} | rope_parameters.rope_type = "linear" is not known here
            'attention_dropout': 0.1                      | attention_dropout must be 0
            'quantization_config': {'bits': 4}            | quantization_config must be left out or have quant_method "zebra" (weights quantized by other methods are not implemented): got {"bits":4}
            'partial_rotary_factor': 0.5                  | partial_rotary_factor must be 1
            'rope_scaling': {'type': 'longrope', 'factor': 2} | rope_type must be one of default, linear, dynamic, yarn, llama3: got "longrope"
            'rope_scaling': {'type': 'linear'}            | rope_type linear: factor is missing
            'rope_scaling': {'type': 'linear', 'factor': 0.5} | rope_type linear: factor must be finite and at least 1: got 0.5
            'rope_scaling': {'type': 'linear', 'factor': 2, 'offset': 1} | rope_scaling.offset = 1 is not known here
            'rope_scaling': {'type': 'linear', 'factor': 2}, 'rope_parameters': {'rope_type': 'linear', 'factor': 4} | rope_parameters and rope_scaling must say the same
            'rope_scaling': {'rope_type': 'yarn', 'factor': 2, 'beta_fast': 1} | rope_type yarn: betaFast must be above betaSlow, and both above 0: got 1.0 and 1.0
            'rope_parameters': {'rope_type': 'llama3', 'factor': 8} | rope_type llama3: low_freq_factor is missing
            'rope_parameters': {'full_attention': {}}     | rope_parameters.full_attention = {} is not known here
            'rope_theta': 1.0                             | ropeTheta must be finite and above 1
            'rope_theta': 2, 'rope_parameters': {'rope_theta': 3} | rope_theta must be the same wherever it is given: got 3.0 and 2.0
            'sliding_window': 4096                        | sliding_window must be null in a llama
            'layer_types': ['sliding_attention']          | layer_types must be full_attention throughout in a llama
            'is_encoder_decoder': true                    | is_encoder_decoder must be false
            'no_rope_layers': [1, 0]                      | no_rope_layers = [1,0] is not known here
            'num_local_experts': 8                        | num_local_experts = 8 is not known here
            'vocab_size': null                            | vocab_size is missing
            'hidden_size': 'big'                          | hidden_size must be a whole number below 2^31: got "big"
            'hidden_size': 3000000000                     | hidden_size must be a whole number below 2^31
            'hidden_size': 33                             | head_dim must be given where hidden_size is no multiple
            'num_attention_heads': 0                      | head_dim must be given
            'num_key_value_heads': 3                      | numHeads must be a multiple of numKvHeads: got 4 and 3
            'num_hidden_layers': 0                        | num_hidden_layers must be from 1
            'num_hidden_layers': 2000000000               | num_hidden_layers must be from 1
            'tie_word_embeddings': 1                      | tie_word_embeddings must be true or false: got 1
            'eos_token_id': 100                           | eosTokenId must be -1 or below vocabSize
            'eos_token_id': 'end'                         | eos_token_id must be a token id
            'self_attn_type': 'block', 'window_size': 4   | self_attn_type must be full, sparse or mix: got "block"
            'self_attn_type': 'mix', 'window_size': 4     | layer_group_size must be from 1 to num_hidden_layers where self_attn_type is mix
            'self_attn_type': 'mix', 'layer_group_size': 2 | window_size must be from 0
            'self_attn_type': 'sparse', 'window_size': 4, 'sliding_window': 4 | sliding_window must be left out where self_attn_type
            'model_type': 'cwm', 'layer_types': ['chunked_attention', 'full_attention', 'full_attention', 'full_attention'] | layer_types[0] must be full_attention or sliding_attention: got "chunked_attention"
            'model_type': 'cwm', 'layer_types': ['full_attention'] | layer_types must name each of the 4 layers of num_hidden_layers: got 1
            'model_type': 'cwm', 'sliding_window': 0      | sliding_window must be at least 1 where layers are local: got 0
            """)
    void whatIsNotImplementedIsRefusedByNameAndValue(String change, String problem) {
        assertThatThrownBy(() -> read(change))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining(problem);
    }

    @Test
    void everythingWrongIsListedAtOnce() {
        assertThatThrownBy(() -> read("'attention_bias': 1, 'hidden_act': 'relu', 'vocab_size': null"))
                .hasMessageContaining("for 3 reasons")
                .hasMessageContaining("attention_bias")
                .hasMessageContaining("hidden_act")
                .hasMessageContaining("vocab_size is missing");
    }

    @Test
    void whatChangesNothingIsAccepted() {
        read("""
                '_name_or_path': 'x', 'architectures': ['LlamaForCausalLM'], 'transformers_version': '4.31.0', 'use_cache': true,
                'initializer_range': 0.02, 'attention_bias': false, 'pretraining_tp': 1, 'rope_scaling': null,
                'quantization_config': null, 'whatever': null, 'temperature': 0.6, 'id2label': {'0': 'a'}""");
    }

    private static ZebraConfig read(String change) {
        return ConfigReader.read("config.json", json(change)).config();
    }

    /// Returns the common settings with some changed; single quotes stand for double ones.
    private static ObjectNode json(String change) {
        try {
            var mapper = new JsonMapper();
            ObjectNode json = (ObjectNode) mapper.readTree(LLAMA);
            return json.setAll((ObjectNode) mapper.readTree("{" + change.replace('\'', '"') + "}"));
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
