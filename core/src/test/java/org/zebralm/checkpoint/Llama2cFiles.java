package org.zebralm.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Writes llama2.c's files by the order that its `export.py` documents.
final class Llama2cFiles {
    private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj", "o_proj");
    private static final List<String> FEED_FORWARD = List.of("gate_proj", "down_proj", "up_proj");

    private final ByteBuffer bytes = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
    private final Map<String, Tensor> weights;
    private final ZebraConfig config;

    private Llama2cFiles(TinyModel tiny) {
        this.weights = tiny.weights();
        this.config = tiny.zebra().config();
    }

    /// Returns `size` bytes that begin with these numbers.
    static byte[] ints(int size, int... numbers) {
        ByteBuffer bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        for (int number : numbers) {
            bytes.putInt(number);
        }
        return bytes.array();
    }

    /// Returns the first pieces of: three for control, 256 bytes, and `▁ a b ▁a ab ▁ab`.
    static byte[] tokenizer(int size) {
        ByteBuffer bytes =
                ByteBuffer.allocate(size * 32).order(ByteOrder.LITTLE_ENDIAN).putInt(8);
        List<String> pieces = new ArrayList<>(List.of("<unk>", "\n<s>\n", "\n</s>\n"));
        for (int b = 0; b < 256; b++) {
            pieces.add("<0x%02X>".formatted(b));
        }
        pieces.addAll(List.of(" ", "a", "b", " a", "ab", " ab"));
        float[] scores = {-4, -5, -6, -1, -2, -3};
        for (int id = 0; id < size; id++) {
            byte[] text = pieces.get(id).getBytes(StandardCharsets.UTF_8);
            bytes.putFloat(id < 259 ? 0 : scores[id - 259]).putInt(text.length).put(text);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    static byte[] model(TinyModel tiny, int version) {
        var files = new Llama2cFiles(tiny);
        files.putHeader(version);
        if (version == 0) {
            files.putVersion0();
        } else {
            files.putVersion1();
        }
        if (!files.config.tieEmbeddings()) {
            files.put("lm_head.weight");
        }
        return Arrays.copyOf(files.bytes.array(), files.bytes.position());
    }

    private void putHeader(int version) {
        if (version == 1) {
            bytes.putInt(0x616b3432).putInt(1);
        }
        bytes.putInt(config.hiddenSize()).putInt(config.intermediateSize()).putInt(config.numLayers());
        bytes.putInt(config.numHeads()).putInt(config.numKvHeads());
        bytes.putInt(version == 0 && !config.tieEmbeddings() ? -config.vocabSize() : config.vocabSize());
        bytes.putInt(config.maxPositions());
        if (version == 1) {
            bytes.put((byte) (config.tieEmbeddings() ? 1 : 0)).position(256);
        }
    }

    private void putVersion0() {
        put("model.embed_tokens.weight");
        putLayers("input_layernorm");
        ATTENTION.forEach(name -> putLayers("self_attn." + name));
        putLayers("post_attention_layernorm");
        FEED_FORWARD.forEach(name -> putLayers("mlp." + name));
        put("model.norm.weight");
        // Sines and cosines, which follow from the config: not read.
        bytes.position(bytes.position() + config.maxPositions() * config.headDim() * Float.BYTES);
    }

    private void putVersion1() {
        putLayers("input_layernorm");
        putLayers("post_attention_layernorm");
        put("model.norm.weight");
        put("model.embed_tokens.weight");
        ATTENTION.forEach(name -> putLayers("self_attn." + name));
        FEED_FORWARD.forEach(name -> putLayers("mlp." + name));
    }

    private void putLayers(String name) {
        for (int layer = 0; layer < config.numLayers(); layer++) {
            put("model.layers." + layer + "." + name + ".weight");
        }
    }

    private void put(String name) {
        float[] values;
        try (var _ = Scope.open()) {
            values = Objects.requireNonNull(weights.get(name), name).toFloats();
        }
        int columns = config.hiddenSize();
        int half = config.headDim() / 2;
        boolean isRotated = name.contains("q_proj") || name.contains("k_proj");
        for (int i = 0; i < values.length; i++) {
            // Row 2j + k of a head, k being 0 or 1, is our row j + k * H/2.
            int row = i / columns;
            int inHead = row % config.headDim();
            int ours = row - inHead + inHead / 2 + inHead % 2 * half;
            bytes.putFloat(isRotated ? values[ours * columns + i % columns] : values[i]);
        }
    }
}
