package org.zebralm.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.stream.Collectors;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// Shapes of models that need no file: speed does not depend on the weights' values.
public enum RandomModel {
    /// 20 million parameters, to try something out.
    SMALL("20m", 9_600, 384, 1_024, 6, 2, 8),
    /// 1.1 billion: TinyLlama's shape, with more positions. Of `bench/peers/random_llama.py` too.
    TINY_LLAMA("1.1b", 32_000, 2_048, 5_632, 32, 4, 22);

    private static final int HEAD_DIM = 64;
    private static final int POSITIONS = 32_768;

    private final String label;
    private final int vocabSize;
    private final int width;
    private final int inside;
    private final int heads;
    private final int kvHeads;
    private final int layers;

    RandomModel(String label, int vocabSize, int width, int inside, int heads, int kvHeads, int layers) {
        this.label = label;
        this.vocabSize = vocabSize;
        this.width = width;
        this.inside = inside;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.layers = layers;
    }

    /// Returns the name users write.
    public String label() {
        return label;
    }

    /// Returns the sizes, every layer global.
    public ZebraConfig config() {
        return new ZebraConfig(
                vocabSize,
                width,
                inside,
                heads,
                kvHeads,
                HEAD_DIM,
                Collections.nCopies(layers, new AttentionType.Global()),
                10_000,
                1e-5,
                POSITIONS,
                false,
                -1,
                -1,
                -1);
    }

    /// Returns the shape of a label.
    public static RandomModel parse(String label) {
        return Arrays.stream(values())
                .filter(model -> model.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a random model must be one of "
                        + Arrays.stream(values()).map(RandomModel::label).collect(Collectors.joining(", ")) + ": got "
                        + label));
    }
}
