package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

/// GGUF files that llama.cpp's own library wrote (`oracle/gguf_files.py`), and some that it never would.
class GgufTest {
    @TempDir
    Path folder;

    private static GgufHeader.Entry entry(GgufFile file, String name) {
        return Objects.requireNonNull(file.tensors().get(name), name);
    }

    @ParameterizedTest
    @EnumSource
    void everyTypeIsDecodedAsLlamaCppDoes(GgufType type) {
        try (var expected = SafetensorsFile.open(Fixtures.path("gguf/quants.safetensors"));
                GgufFile file = GgufFile.open(Fixtures.path("gguf/quants.gguf"));
                var _ = Scope.open()) {
            GgufHeader.Entry entry = entry(file, type.name());

            assertThat(entry.type()).isEqualTo(type);
            assertThat(entry.shape()).containsExactly(4, 512);
            assertThat(file.tensor(entry, DType.FLOAT32).toFloats())
                    .isEqualTo(expected.tensor(type.name()).toFloats());
        }
    }

    /// More than one piece of what is decoded at once, and a last piece that is not full.
    @Test
    void aLongTensorIsDecodedInPieces() throws IOException {
        int blocks = 7 * (1 << 16) / 32 * Runtime.getRuntime().availableProcessors() / 2 + 3;
        byte[] data = new byte[blocks * 34];
        for (int i = 0; i < blocks; i++) {
            data[34 * i + 1] = 0x3C; // 1 in float16
            data[34 * i + 2 + i % 32] = (byte) (i % 100 + 1);
        }
        Path path = Files.write(
                folder.resolve("long.gguf"),
                new GgufBytes(3, 1, 0)
                        .tensor("x", GgufType.Q8_0.code, 0, blocks * 32L)
                        .end(data));
        try (GgufFile file = GgufFile.open(path);
                var _ = Scope.open()) {
            float[] decoded = file.tensor(entry(file, "x"), DType.BFLOAT16).toFloats();
            for (int i = 0; i < decoded.length; i++) {
                int block = i / 32;
                assertThat(decoded[i]).isEqualTo(i % 32 == block % 32 ? block % 100 + 1 : 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-quantized", "qwen2", "qwen3", "gemma2", "gemma3"})
    void weightsAreThoseOfTheModelThatWasConverted(String name) {
        try (var expected = SafetensorsFile.open(Fixtures.path("gguf/" + name + ".safetensors"));
                WeightSource weights = new GgufModel(Fixtures.path("gguf/" + name + ".gguf")).weights();
                var _ = Scope.open()) {
            String prefix = "weights/";
            assertThat(weights.names())
                    .containsExactlyInAnyOrderElementsOf(expected.names().stream()
                            .filter(stored -> stored.startsWith(prefix))
                            .map(stored -> stored.substring(prefix.length()))
                            .toList());
            for (String weight : weights.names()) {
                float[] wanted = expected.tensor(prefix + weight).toFloats();
                assertThat(weights.shape(weight)).as(weight).isEqualTo(expected.shape(prefix + weight));
                assertThat(weights.tensor(weight, DType.FLOAT32).toFloats())
                        .as(weight)
                        .isEqualTo(wanted);
                assertThat(weights.tensor(weight).to(DType.FLOAT32).toFloats())
                        .as(weight)
                        .isEqualTo(wanted);
                assertThat(weights.tensor(weight, DType.BFLOAT16).toFloats())
                        .as(weight)
                        .isEqualTo(expected.tensor(prefix + weight)
                                .to(DType.BFLOAT16)
                                .toFloats());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-quantized", "qwen2", "qwen3", "gemma2", "gemma3"})
    void configsAreThoseOfTheModelThatWasConverted(String name) throws IOException {
        ObjectNode expected = (ObjectNode) new ObjectMapper().readTree(CONFIGS).get(name);
        ObjectNode common = (ObjectNode) new ObjectMapper().readTree(COMMON);
        common.setAll(expected);

        ObjectNode found = new GgufModel(Fixtures.path("gguf/" + name + ".gguf")).config();

        assertThat(new ObjectMapper().readTree(found.toString()))
                .isEqualTo(new ObjectMapper().readTree(common.toString()));
    }

    private static final String COMMON = """
            {"vocab_size": 48, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4,
             "num_key_value_heads": 2, "head_dim": 16, "rms_norm_eps": 1e-5, "max_position_embeddings": 128,
             "bos_token_id": 1, "eos_token_id": [2], "pad_token_id": 0, "num_hidden_layers": 2}""";

    /// What the oracle's models were made with, in the words of their `config.json`.
    private static final String CONFIGS = """
            {"llama": {"model_type": "llama", "hidden_act": "silu", "attention_bias": false, "mlp_bias": false,
               "tie_word_embeddings": false, "rope_theta": 500000.0, "dtype": "float16",
               "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                 "original_max_position_embeddings": 8192}},
             "llama-quantized": {"model_type": "llama", "hidden_act": "silu", "attention_bias": false, "mlp_bias": false,
               "tie_word_embeddings": true, "rope_theta": 10000.0, "dtype": "bfloat16"},
             "qwen2": {"model_type": "qwen2", "hidden_act": "silu", "use_sliding_window": false, "head_dim": 8,
               "tie_word_embeddings": true, "rope_theta": 10000.0, "dtype": "float32",
               "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "beta_fast": 32.0, "beta_slow": 1.0,
                 "original_max_position_embeddings": 32}},
             "qwen3": {"model_type": "qwen3", "hidden_act": "silu", "use_sliding_window": false, "attention_bias": false,
               "mlp_bias": false, "tie_word_embeddings": false, "rope_theta": 10000.0, "dtype": "bfloat16",
               "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
             "gemma2": {"model_type": "gemma2", "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 16,
               "sliding_window": 8, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
               "attn_logit_softcapping": 20.0, "final_logit_softcapping": 10.0, "num_hidden_layers": 3,
               "tie_word_embeddings": true, "rope_theta": 10000.0, "dtype": "float16"},
             "gemma3": {"model_type": "gemma3_text", "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 16,
               "sliding_window": 8, "num_hidden_layers": 7, "layer_types": ["sliding_attention", "sliding_attention",
                 "sliding_attention", "sliding_attention", "sliding_attention", "full_attention", "sliding_attention"],
               "tie_word_embeddings": true, "rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "dtype": "float16",
               "rope_scaling": {"rope_type": "linear", "factor": 8.0}}}""";

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama-quantized", "qwen2", "qwen3", "gemma2", "gemma3"})
    void logitsAreThoseOfTransformers(String name) {
        TransformersFixture fixture = TransformersFixture.of(
                Fixtures.path("gguf/" + name + ".gguf"), Fixtures.path("gguf/" + name + ".safetensors"));
        try (var model = LoadedModel.open(fixture.folder(), DType.FLOAT32, new PortableAttention())) {
            assertThat(fixture.maxDifference(model.zebra())).isLessThanOrEqualTo(1e-4);
        }
    }

    @Test
    void storedNumbersOfTheWantedTypeLieOnTheMapping() {
        try (GgufFile file = GgufFile.open(Fixtures.path("gguf/quants.gguf"));
                var _ = Scope.open()) {
            GgufHeader.Entry entry = entry(file, "BF16");
            assertThat(file.tensor(entry, DType.BFLOAT16).address())
                    .isEqualTo(entry.bytes().address());
        }
    }

    @Test
    void aFileThatBreaksARuleOfTheFormatIsRefusedByName() {
        long most = Long.MAX_VALUE;
        byte[] none = {};
        refuses("does not begin with GGUF", "GGML0123456789abcdefghijkl".getBytes(StandardCharsets.US_ASCII));
        refuses("must be 2 or 3: got 1", new GgufBytes(1, 0, 0).end(none));
        refuses("must be 2 or 3: got a big-endian file", new GgufBytes(3 << 24, 0, 0).end(none));
        refuses("at most 100000 tensors: got 9223372036854775807", new GgufBytes(3, most, 0).end(none));
        refuses("at most 100000 keys: got 18446744073709551615", new GgufBytes(3, 0, -1).end(none));
        refuses(
                "at most 1024 bytes: got 4611686018427387904",
                new GgufBytes(3, 0, 1).whole(1L << 62).end(none));
        refuses(
                "are left of",
                new GgufBytes(3, 0, 1).text("k").number(8).whole(most).end(none));
        refuses(
                "18446744073709551615 bytes are wanted",
                new GgufBytes(3, 0, 1).text("k").number(8).whole(-1).end(none));
        refuses(
                "k is there twice",
                new GgufBytes(3, 0, 2).key("k", 1).key("k", 2).end(none));
        refuses("got type 13", new GgufBytes(3, 0, 1).text("k").number(13).end(none));
        refuses(
                "the list k must end within the file",
                new GgufBytes(3, 0, 1).text("k").number(9, 4).whole(most).end(none));
        refuses(
                "the list k must end within the file",
                new GgufBytes(3, 0, 1).text("k").number(9, 8).whole(99).end(none));
        refuses(
                "got type 9",
                new GgufBytes(3, 0, 1).text("k").number(9, 9).whole(0).end(none));
        refuses(
                "power of two from 8 to 65536: got 12",
                new GgufBytes(3, 0, 1).key("general.alignment", 12).end(none));
        refuses(
                "power of two from 8 to 65536: got 0",
                new GgufBytes(3, 0, 1).key("general.alignment", 0).end(none));
        refuses("must be one of F32, F16, BF16, Q4_0, Q8_0, Q4_K, Q6_K: got Q2_K", tensor(10, 0, 256));
        refuses("got the unknown number 99", tensor(99, 0, 256));
        refuses("rows of the tensor x must be whole blocks of 32 elements: got 33", tensor(8, 0, 33));
        refuses("sizes of the tensor x must be from 1", tensor(0, 0, 0));
        refuses("sizes of the tensor x must be from 1", tensor(0, 0, -4));
        refuses("sizes of the tensor x must be from 1", tensor(0, 0, 1L << 40, 1L << 40));
        refuses("must have 1 to 4 axes: got 5", tensor(0, 0, 1, 1, 1, 1, 1));
        refuses("must have 1 to 4 axes: got 0", tensor(0, 0));
        refuses("must begin at a multiple of 32", tensor(0, 16, 2));
        refuses("must begin at a multiple of 32", tensor(0, -32, 2));
        refuses("end within the 64 bytes behind the header: got offset 64", tensor(0, 64, 2));
        refuses("end within the 64 bytes behind the header: got offset 0", tensor(0, 0, 1L << 50));
        refuses("end within the 64 bytes", tensor(0, most - 31, 2));
        refuses(
                "x is there twice",
                new GgufBytes(3, 2, 0)
                        .tensor("x", 0, 0, 2)
                        .tensor("x", 0, 32, 2)
                        .end(new byte[64]));
        refuses(
                "x and y overlap",
                new GgufBytes(3, 2, 0)
                        .tensor("x", 0, 0, 9)
                        .tensor("y", 0, 32, 2)
                        .end(new byte[64]));
    }

    private static byte[] tensor(int type, long offset, long... sizes) {
        return new GgufBytes(3, 1, 0).tensor("x", type, offset, sizes).end(new byte[64]);
    }

    private void refuses(String rule, byte[] bytes) {
        Path path = write(bytes);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> GgufFile.open(path))
                .withMessageContaining("a.gguf")
                .withMessageContaining(rule);
    }

    private Path write(byte[] bytes) {
        try {
            return Files.write(folder.resolve("a.gguf"), bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyTruncationOfAHeaderIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(Fixtures.path("gguf/tokenizer-qwen2.gguf"));
        for (int length = 0; length < whole.length - 32; length += 11) {
            Path path = write(Arrays.copyOf(whole, length));
            assertThatIllegalArgumentException().isThrownBy(() -> GgufFile.open(path));
        }
    }

    @Test
    void settingsThatAreMissingOrNotImplementedAreListedAtOnce() {
        byte[] bytes = new GgufBytes(3, 1, 7)
                .key("general.architecture", "llama")
                .key("llama.embedding_length", 16)
                .key("llama.expert_count", 8)
                .key("llama.attention.causal", 0)
                .key("llama.rope.scaling.type", "longrope")
                .key("llama.rope.dimension_count", 2)
                .key("llama.attention.head_count", 4)
                .tensor("token_embd.weight", 0, 0, 2, 8)
                .end(new byte[64]);
        Path path = write(bytes);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(path))
                .withMessageContaining("a.gguf")
                .withMessageContaining("llama.block_count is missing")
                .withMessageContaining("llama.feed_forward_length is missing")
                .withMessageContaining("llama.context_length is missing")
                .withMessageContaining("llama.attention.layer_norm_rms_epsilon is missing")
                .withMessageContaining("llama.expert_count must be 0 (experts are not implemented")
                .withMessageContaining("llama.attention.causal = 0 is not implemented")
                .withMessageContaining("rope.scaling.type must be none, linear or yarn: got \"longrope\"")
                .withMessageContaining("llama.rope.dimension_count must be 4 (rotating part of a head");
    }

    @Test
    void anArchitectureThatWeDoNotReadIsRefusedByName() {
        Path path = write(
                new GgufBytes(3, 0, 1).key("general.architecture", "mamba").end(new byte[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(path))
                .withMessageContaining(
                        "must be one of llama, granite_swa, qwen2, qwen3, gemma2, gemma3: got \"mamba\"");

        Path number =
                write(new GgufBytes(3, 0, 1).key("general.architecture", 7).end(new byte[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(number))
                .withMessageContaining("general.architecture must be a text: got 7");

        Path part = write(new GgufBytes(3, 0, 2)
                .key("general.architecture", "llama")
                .key("split.count", 3)
                .end(new byte[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelFolder.read(part))
                .withMessageContaining("a model must be one file: it is one of 3");
    }
}
