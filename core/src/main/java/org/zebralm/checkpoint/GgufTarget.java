package org.zebralm.checkpoint;

import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;

/// The architectures of llama.cpp that we write, of which each computes one of our families.
///
/// What each can and cannot say is in [GgufRefusal], by the source of llama.cpp (`src/models`).
enum GgufTarget {
    LLAMA("llama", true),
    /// A Llama with local layers: of Granite's own, what multiplies and takes probability is made to do nothing.
    GRANITE_SWA("granite_swa", true),
    QWEN2("qwen2", false),
    QWEN3("qwen3", false),
    GEMMA2("gemma2", false),
    GEMMA3("gemma3", false),
    /// OLMo 3's, too.
    OLMO2("olmo2", false),
    SMOLLM3("smollm3", true),
    COHERE2("cohere2", true);

    final String label;

    /// Whether llama.cpp rotates elements 2i and 2i + 1 of a head together, or else i and i + H/2.
    final boolean rotatesNeighbours;

    GgufTarget(String label, boolean rotatesNeighbours) {
        this.label = label;
        this.rotatesNeighbours = rotatesNeighbours;
    }

    /// Returns the architecture that a model looks most like, though it may not be able to say all of it.
    static GgufTarget of(ZebraConfig config) {
        return switch (config.architecture().normPlacement()) {
            case PARALLEL -> COHERE2;
            case AFTER -> OLMO2;
            case AROUND -> config.architecture().attentionSoftCap() > 0 ? GEMMA2 : GEMMA3;
            case BEFORE ->
                switch (config.architecture().queryKeyNorm()) {
                    case HEAD -> QWEN3;
                    case NONE, PROJECTION -> likeLlama(config);
                };
        };
    }

    private static GgufTarget likeLlama(ZebraConfig config) {
        if (config.ropes().contains(new RopeConfig.None())) {
            return SMOLLM3;
        }
        if (config.attentionTypes().stream().anyMatch(AttentionType.Local.class::isInstance)) {
            return GRANITE_SWA;
        }
        boolean isWhole = config.numHeads() * config.headDim() == config.hiddenSize();
        return config.architecture().queryKeyValueBias()
                        && !config.architecture().outputBias()
                        && isWhole
                ? QWEN2
                : LLAMA;
    }

    boolean isGemma() {
        return this == GEMMA2 || this == GEMMA3;
    }

    /// Whether a file lists which layers are local.
    boolean listsLocalLayers() {
        return this == GRANITE_SWA;
    }

    /// Every so manieth layer is the global one, the last of its group; 0 where that is no rule, since there are no
    /// local layers, or the file lists them.
    int pattern() {
        return switch (this) {
            case LLAMA, GRANITE_SWA, QWEN2, QWEN3, SMOLLM3 -> 0;
            case GEMMA2 -> 2;
            case GEMMA3 -> 6;
            case OLMO2, COHERE2 -> 4;
        };
    }

    /// Whether a model without a head of its own needs the embedding a second time.
    boolean needsHead() {
        return this == OLMO2;
    }
}
