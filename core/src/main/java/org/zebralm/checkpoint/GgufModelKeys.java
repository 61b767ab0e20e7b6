package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// What a GGUF file says of a model's sizes, windows and positions.
final class GgufModelKeys {
    private final GgufTarget target;
    private final ZebraConfig config;
    private final GgufKeys keys;

    private GgufModelKeys(GgufTarget target, ZebraConfig config, GgufKeys keys) {
        this.target = target;
        this.config = config;
        this.keys = keys;
    }

    /// Puts all of it, for a model that [GgufRefusal] has nothing against.
    static void put(GgufTarget target, ZebraConfig config, GgufKeys keys) {
        new GgufModelKeys(target, config, keys).put();
    }

    private String key(String name) {
        return target.label + "." + name;
    }

    private void put() {
        keys.put(key("vocab_size"), config.vocabSize());
        keys.put(key("context_length"), config.maxPositions());
        keys.put(key("embedding_length"), config.hiddenSize());
        keys.put(key("block_count"), config.numLayers());
        keys.put(key("feed_forward_length"), config.intermediateSize());
        keys.put(key("attention.head_count"), config.numHeads());
        keys.put(key("attention.head_count_kv"), config.numKvHeads());
        keys.put(key("attention.key_length"), config.headDim());
        keys.put(key("attention.value_length"), config.headDim());
        boolean isLayerNorm = target == GgufTarget.COHERE2;
        keys.put(key("attention.layer_norm_" + (isLayerNorm ? "epsilon" : "rms_epsilon")), config.normEps());
        keys.put(key("rope.dimension_count"), config.headDim());
        if (target == GgufTarget.GEMMA2) {
            keys.put(key("attn_logit_softcapping"), config.architecture().attentionSoftCap());
        }
        if (config.architecture().logitSoftCap() > 0) {
            keys.put(key("final_logit_softcapping"), config.architecture().logitSoftCap());
        }
        if (target == GgufTarget.COHERE2) {
            keys.put(key("logit_scale"), config.architecture().logitScale());
        }
        if (target == GgufTarget.GRANITE_SWA) {
            // It must be there, and logits are divided by it; Granite's other factors do nothing where they are left
            // out.
            keys.put(key("logit_scale"), 1.0);
        }
        int window = LayerTypes.sharedWindow(config.attentionTypes());
        if (window > 0) {
            keys.put(key("attention.sliding_window"), window);
        }
        if (target.listsLocalLayers()) {
            keys.putFlags(
                    key("attention.sliding_window_pattern"),
                    config.attentionTypes().stream()
                            .map(AttentionType.Local.class::isInstance)
                            .toList());
        }
        putRope(rope());
    }

    /// The rotation of global layers where local ones have another, which llama.cpp has built in.
    private RopeConfig.Rotary rope() {
        List<RopeConfig.Rotary> global = new ArrayList<>();
        List<RopeConfig.Rotary> all = new ArrayList<>();
        for (int i = 0; i < config.numLayers(); i++) {
            if (config.ropes().get(i) instanceof RopeConfig.Rotary rotary) {
                all.add(rotary);
                if (config.attentionTypes().get(i) instanceof AttentionType.Global) {
                    global.add(rotary);
                }
            }
        }
        return global.isEmpty() ? all.getFirst() : global.getFirst();
    }

    private void putRope(RopeConfig.Rotary rope) {
        switch (rope.scaling()) {
            case RopeScaling.None _ -> keys.put(key("rope.freq_base"), rope.theta());
            case RopeScaling.Linear(double factor) -> {
                keys.put(key("rope.freq_base"), rope.theta());
                keys.put(key("rope.scaling.type"), "linear");
                keys.put(key("rope.scaling.factor"), factor);
            }
            case RopeScaling.DynamicNtk ntk ->
                keys.put(key("rope.freq_base"), ntk.theta(rope.theta(), config.headDim()));
            case RopeScaling.Yarn yarn -> {
                keys.put(key("rope.freq_base"), rope.theta());
                keys.put(key("rope.scaling.type"), "yarn");
                keys.put(key("rope.scaling.factor"), yarn.factor());
                keys.put(key("rope.scaling.original_context_length"), yarn.originalPositions());
                // llama.cpp multiplies the paper's attention factor with what it finds.
                double more = yarn.attentionFactor() / RopeScaling.Yarn.attentionFactor(yarn.factor(), 1);
                if (Math.abs(more - 1) > 1e-7) {
                    keys.put(key("rope.scaling.attn_factor"), more);
                }
            }
            case RopeScaling.Llama3 llama3 -> {
                keys.put(key("rope.freq_base"), rope.theta());
                // The factors say all that llama.cpp wants to know; this is for readers who want the scaling back.
                keys.put(key("rope.scaling.original_context_length"), llama3.originalPositions());
            }
        }
    }

    /// Returns what frequencies are divided by, or nothing where the keys say it all.
    static float[] ropeFactors(ZebraConfig config) {
        if (!(config.ropes().getFirst() instanceof RopeConfig.Rotary(double theta, RopeScaling.Llama3 llama3))) {
            return new float[0];
        }
        float[] factors = new float[config.headDim() / 2];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) GgufRope.factor(Math.pow(theta, -2.0 * i / config.headDim()), llama3);
        }
        return factors;
    }
}
