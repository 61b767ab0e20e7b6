package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The `model_type`s we read, with what transformers 5.18 takes a missing key to mean.
///
/// `defaultHeadDim` and `defaultNumKvHeads` are 0 where they follow from other keys.
enum ModelType {
    LLAMA("llama", "LlamaForCausalLM", 0, 0, 1e-6, 2048, 10_000, 1, 2),
    /// Llama with local layers; its defaults describe Meta's 32 B model.
    CWM("cwm", "CwmForCausalLM", 128, 8, 1e-5, 131_072, 1_000_000, 128_000, 128_001);

    final String label;
    final String architecture;
    final int defaultHeadDim;
    final int defaultNumKvHeads;
    final double defaultRmsNormEps;
    final int defaultMaxPositions;
    final double defaultRopeTheta;
    final int defaultBosTokenId;
    final int defaultEosTokenId;

    ModelType(
            String label,
            String architecture,
            int defaultHeadDim,
            int defaultNumKvHeads,
            double defaultRmsNormEps,
            int defaultMaxPositions,
            double defaultRopeTheta,
            int defaultBosTokenId,
            int defaultEosTokenId) {
        this.label = label;
        this.architecture = architecture;
        this.defaultHeadDim = defaultHeadDim;
        this.defaultNumKvHeads = defaultNumKvHeads;
        this.defaultRmsNormEps = defaultRmsNormEps;
        this.defaultMaxPositions = defaultMaxPositions;
        this.defaultRopeTheta = defaultRopeTheta;
        this.defaultBosTokenId = defaultBosTokenId;
        this.defaultEosTokenId = defaultEosTokenId;
    }

    /// Returns the type of this label, or null if we do not read it.
    static @Nullable ModelType parse(String label) {
        for (ModelType type : values()) {
            if (type.label.equals(label)) {
                return type;
            }
        }
        return null;
    }

    static String labels() {
        return Arrays.stream(values()).map(type -> type.label).collect(Collectors.joining(", "));
    }
}
