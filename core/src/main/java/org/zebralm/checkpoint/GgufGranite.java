package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A file of architecture `granite_swa` as the Llama with local layers that it is where nothing in it is Granite's own.
///
/// Factors must be 1 and sinks take no probability; then it has the `model_type` of ours that has such biases.
final class GgufGranite {
    /// From which logit on, downwards, a sink takes no probability, whatever the scores are.
    private static final float NEUTRAL = -1e29f;

    private static final double TOLERANCE = 1e-6;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final String KEYS = GgufArchitecture.GRANITE_SWA.label + ".";
    private static final String PATTERN = "attention.sliding_window_pattern";

    private final GgufFile file;
    private final GgufSettings settings;
    private final ObjectNode json;
    private final int numLayers;
    private final int numHeads;

    private GgufGranite(GgufFile file, GgufSettings settings, ObjectNode json) {
        this.file = file;
        this.settings = settings;
        this.json = json;
        this.numLayers = Math.min(json.path("num_hidden_layers").intValue(), GgufConfig.MAX_LAYERS);
        this.numHeads = json.path("num_attention_heads").intValue();
    }

    /// Puts the type, windows and biases beside the sizes, which are there already.
    static void put(GgufFile file, GgufSettings settings, ObjectNode json) {
        new GgufGranite(file, settings, json).put();
    }

    private void put() {
        requireFactor("logit_scale", 1, false);
        requireFactor("embedding_scale", 1, true);
        requireFactor("residual_scale", 1, true);
        requireFactor("attention.scale", 1 / Math.sqrt(json.path("head_dim").intValue()), true);
        requireNeutralSinks();
        json.put("hidden_act", "silu");
        putLayers();
        putBiases();
        joinRope();
    }

    /// A cwm has its rotation in one place.
    private void joinRope() {
        ObjectNode rope = json.putObject("rope_parameters").put("rope_type", "default");
        rope.set("rope_theta", json.remove("rope_theta"));
        if (json.remove("rope_scaling") instanceof ObjectNode scaling) {
            rope.setAll(scaling);
        }
    }

    /// @param isOffAtZero whether llama.cpp takes 0 for none
    private void requireFactor(String key, double neutral, boolean isOffAtZero) {
        double found = settings.number(key, neutral);
        boolean isNeutral = Math.abs(found - neutral) <= TOLERANCE * neutral || (isOffAtZero && found == 0);
        if (!isNeutral) {
            settings.problem(
                    KEYS + key + " must be " + neutral + " (Granite's factors are not implemented): got " + found);
        }
    }

    /// Those of every layer, and any that are there besides: what is not looked at must not be dropped.
    private void requireNeutralSinks() {
        Set<String> names = new LinkedHashSet<>();
        for (int layer = 0; layer < numLayers; layer++) {
            names.add(GgufNames.sinks(layer));
        }
        file.tensors().keySet().stream().filter(GgufNames::isSinks).forEach(names::add);
        for (String name : names) {
            if (!areNeutralSinks(name)) {
                return; // one is enough to say, of thousands
            }
        }
    }

    private boolean areNeutralSinks(String name) {
        GgufHeader.@Nullable Entry sinks = file.tensors().get(name);
        if (sinks == null || sinks.type() != GgufType.F32 || !sinks.sizes().equals(List.of((long) numHeads))) {
            settings.problem(name + " must be there with a number of F32 for each of " + numHeads + " heads: got "
                    + (sinks == null ? "none" : sinks.sizes() + " of " + sinks.type()));
            return false;
        }
        for (int head = 0; head < numHeads; head++) {
            float sink = sinks.bytes().get(FLOAT, (long) head * Float.BYTES);
            if (!(sink <= NEUTRAL)) {
                settings.problem(
                        name + " must be at most " + NEUTRAL + " throughout (sinks that take probability are not"
                                + " implemented in GGUF files): got " + sink);
                return false;
            }
        }
        return true;
    }

    private void putLayers() {
        json.put("sliding_window", settings.integer("attention.sliding_window"));
        ArrayNode layers = json.putArray("layer_types");
        for (GgufValue flag : pattern()) {
            boolean isLocal = flag instanceof GgufValue.Flag(boolean local) && local;
            layers.add(isLocal ? LayerTypes.SLIDING : LayerTypes.FULL);
        }
    }

    private List<GgufValue> pattern() {
        GgufValue value = settings.value(PATTERN);
        if (value instanceof GgufValue.Items items && items.type() == GgufScalar.BOOL && items.count() == numLayers) {
            return items.read(KEYS + PATTERN, numLayers);
        }
        String found = value instanceof GgufValue.Items items
                ? items.count() + " of " + items.type()
                : value == null ? "none" : value.describe();
        settings.problem(
                KEYS + PATTERN + " must be a list of true or false for each of " + numLayers + " layers: got " + found);
        return Collections.nCopies(Math.min(numLayers, 1), new GgufValue.Flag(false));
    }

    /// Chooses the type that has these biases, in the first layer as in all.
    private void putBiases() {
        boolean hasQuery = hasBias("attn_q");
        boolean hasOutput = hasBias("attn_output");
        boolean hasFeedForward = hasBias("ffn_up");
        if (!hasQuery && !hasOutput) {
            json.put("mlp_bias", hasFeedForward);
        } else if (hasQuery && hasOutput) {
            json.put("model_type", "smollm3").put("use_sliding_window", true);
            json.put("attention_bias", true).put("mlp_bias", hasFeedForward);
            ArrayNode rotates = json.putArray("no_rope_layers"); // 1: it does
            for (int i = 0; i < numLayers; i++) {
                rotates.add(1);
            }
        } else if (hasQuery && !hasFeedForward) {
            json.put("model_type", "qwen2").put("use_sliding_window", true);
        } else {
            settings.problem("blk.0.attn_output.bias must be there "
                    + (hasQuery
                            ? "where blk.0.attn_q.bias and blk.0.ffn_up.bias are"
                            : "only where blk.0.attn_q.bias is")
                    + " (no model_type with local layers has other biases): got "
                    + (hasQuery ? "none" : "one"));
        }
    }

    private boolean hasBias(String part) {
        return file.tensors().containsKey("blk.0." + part + ".bias");
    }
}
