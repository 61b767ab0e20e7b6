package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files of llama.cpp's `granite_swa`: Llamas with local layers are read, what is Granite's own is refused by name.
class GgufGraniteTest {
    private static final String LISTED = "granite_swa.attention.sliding_window_pattern";

    @TempDir
    Path folder;

    /// Two layers of four heads, with what a file must say of them but its pattern, and sinks.
    private static byte[] bytes(int numMore, UnaryOperator<GgufBytes> more, String fourth, float... sinks) {
        var bytes = new GgufBytes(3, fourth.isEmpty() ? 3 : 4, 9 + numMore)
                .key("general.architecture", "granite_swa")
                .key("granite_swa.embedding_length", 16)
                .key("granite_swa.feed_forward_length", 16)
                .key("granite_swa.block_count", 2)
                .key("granite_swa.context_length", 64)
                .key("granite_swa.attention.head_count", 4)
                .key("granite_swa.attention.layer_norm_rms_epsilon", 1e-5f)
                .key("granite_swa.attention.sliding_window", 5)
                .key("granite_swa.vocab_size", 8);
        more.apply(bytes)
                .tensor("token_embd.weight", 0, 0, 2, 8)
                .tensor("blk.0.attn_sinks.weight", 0, 64, 4)
                .tensor("blk.1.attn_sinks.weight", 0, 96, sinks.length - 4);
        if (!fourth.isEmpty()) {
            bytes.tensor(fourth, 0, 160, 4);
        }
        ByteBuffer data = ByteBuffer.allocate(192).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < sinks.length; i++) {
            data.putFloat(i < 4 ? 64 + 4 * i : 96 + 4 * (i - 4), sinks[i]);
        }
        return bytes.end(data.array());
    }

    private static float[] neutral() {
        float[] sinks = new float[8];
        Arrays.fill(sinks, -1e30f);
        return sinks;
    }

    private static GgufBytes pattern(GgufBytes bytes) {
        return bytes.flags(LISTED, false, true);
    }

    private void refuses(String rule, byte[] bytes) throws IOException {
        Path path = Files.write(folder.resolve("a.gguf"), bytes);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufModel(path).config())
                .withMessageContaining("a.gguf")
                .satisfies(e -> assertThat(
                                String.valueOf(e.getMessage()).lines().skip(1).map(String::strip))
                        .singleElement()
                        .asString()
                        .startsWith(rule));
    }

    @Test
    void factorsThatDoNothingAreTaken() throws IOException {
        Path path = Files.write(
                folder.resolve("a.gguf"),
                bytes(
                        5,
                        bytes -> pattern(bytes)
                                .key("granite_swa.logit_scale", 1f)
                                .key("granite_swa.embedding_scale", 1f)
                                .key("granite_swa.residual_scale", 0f)
                                .key("granite_swa.attention.scale", 0.5f),
                        "",
                        neutral()));

        var config = new GgufModel(path).config();

        assertThat(config.path("model_type").asText()).isEqualTo("cwm");
        assertThat(config.path("sliding_window").intValue()).isEqualTo(5);
        assertThat(config.path("layer_types").toString()).isEqualTo("[\"full_attention\",\"sliding_attention\"]");
    }

    @ParameterizedTest
    @CsvSource({
        "logit_scale, 8, 1.0",
        "logit_scale, 0, 1.0",
        "embedding_scale, 12, 1.0",
        "residual_scale, 0.22, 1.0",
        "attention.scale, 0.0078125, 0.5",
        "logit_scale, NaN, 1.0"
    })
    void granitesOwnFactorsAreRefusedByName(String key, float factor, String neutral) throws IOException {
        refuses(
                "granite_swa." + key + " must be " + neutral + " (Granite's factors are not implemented): got "
                        + factor,
                bytes(2, bytes -> pattern(bytes).key("granite_swa." + key, factor), "", neutral()));
    }

    @Test
    void otherKeysOfGranitesAreRefusedByName() throws IOException {
        refuses(
                "granite_swa.attention.rope_pattern = a list of 2 is not implemented",
                bytes(
                        2,
                        bytes -> pattern(bytes).flags("granite_swa.attention.rope_pattern", true, false),
                        "",
                        neutral()));
        refuses(
                "granite_swa.expert_count must be 0",
                bytes(2, bytes -> pattern(bytes).key("granite_swa.expert_count", 4), "", neutral()));
    }

    @Test
    void sinksThatTakeProbabilityAreRefused() throws IOException {
        for (float live : new float[] {0, -5, -9.9e28f, Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] sinks = neutral();
            sinks[6] = live;
            refuses(
                    "blk.1.attn_sinks.weight must be at most -1.0E29 throughout (sinks that take probability are not"
                            + " implemented in GGUF files): got " + live,
                    bytes(1, GgufGraniteTest::pattern, "", sinks));
        }
        byte[] misplaced = bytes(1, GgufGraniteTest::pattern, "", neutral());
        misplaced[new String(misplaced, StandardCharsets.ISO_8859_1).indexOf("blk.1.attn_sinks") + 4] = '7';
        refuses("blk.1.attn_sinks.weight must be there with a number of F32 for each of 4 heads: got none", misplaced);
        refuses(
                "blk.2.attn_sinks.weight must be at most -1.0E29 throughout",
                bytes(1, GgufGraniteTest::pattern, "blk.2.attn_sinks.weight", neutral())); // zeros, of no layer
        refuses(
                "blk.1.attn_sinks.weight must be there with a number of F32 for each of 4 heads: got [3] of F32",
                bytes(1, GgufGraniteTest::pattern, "", Arrays.copyOf(neutral(), 7)));
    }

    @Test
    void aPatternThatDoesNotNameEachLayerIsRefused() throws IOException {
        String rule = LISTED + " must be a list of true or false for each of 2 layers: got ";
        refuses(rule + "none", bytes(0, UnaryOperator.identity(), "", neutral()));
        refuses(rule + "2", bytes(1, bytes -> bytes.key(LISTED, 2), "", neutral()));
        refuses(rule + "1 of BOOL", bytes(1, bytes -> bytes.flags(LISTED, true), "", neutral()));
        refuses(rule + "3 of BOOL", bytes(1, bytes -> bytes.flags(LISTED, true, true, false), "", neutral()));
        refuses(rule + "0 of BOOL", bytes(1, bytes -> bytes.flags(LISTED), "", neutral()));
        refuses(rule + "2 of INT32", bytes(1, bytes -> bytes.wholes(LISTED, 0, 1), "", neutral()));
        refuses(rule + "2 of STRING", bytes(1, bytes -> bytes.key(LISTED, "a", "b"), "", neutral()));
    }

    @Test
    void biasesThatNoTypeHasAreRefused() throws IOException {
        refuses(
                "blk.0.attn_output.bias must be there only where blk.0.attn_q.bias is",
                bytes(1, GgufGraniteTest::pattern, "blk.0.attn_output.bias", neutral()));
    }

    @Test
    void layersBeyondAllBoundsAreRefusedAtNoCost() throws IOException {
        byte[] bytes = bytes(1, GgufGraniteTest::pattern, "blk.0.attn_q.bias", neutral());
        byte[] key = "granite_swa.block_count".getBytes(StandardCharsets.US_ASCII);
        int at = Stream.iterate(0, i -> i + 1)
                .filter(i -> Arrays.equals(Arrays.copyOfRange(bytes, i, i + key.length), key))
                .findFirst()
                .orElseThrow();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(at + key.length + 4, Integer.MAX_VALUE);
        Path path = Files.write(folder.resolve("a.gguf"), bytes);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GgufModel(path).config())
                .withMessageContaining("granite_swa.block_count must be at most 10000: got 2147483647")
                .withMessageContaining("blk.2.attn_sinks.weight must be there")
                .withMessageContaining("must be a list of true or false for each of 10000 layers: got 2 of BOOL");
    }
}
