package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// Reads how each layer knows positions: transformers 5's `rope_parameters`, or the `rope_theta` and `rope_scaling` of
/// 4.
final class RopeSettings {
    private static final double GEMMA3_LOCAL_THETA = 10_000;
    private static final int NO_ROPE_INTERVAL = 4;

    /// What cwm and gpt-oss have where nothing is said.
    private static final RopeScaling CWM_SCALING = new RopeScaling.Llama3(16, 1, 4, 8192);

    private static final RopeScaling GPT_OSS_SCALING =
            new RopeScaling.Yarn(32, 4096, 32, 1, false, RopeScaling.Yarn.attentionFactor(32, 1));

    private final JsonSettings settings;
    private final ModelType type;
    private final int maxPositions;

    private RopeSettings(JsonSettings settings, ModelType type, int maxPositions) {
        this.settings = settings;
        this.type = type;
        this.maxPositions = maxPositions;
    }

    /// Returns each layer's; whatever we do not implement is a problem.
    static List<RopeConfig> read(
            JsonSettings settings, ModelType type, int maxPositions, List<AttentionType> attentionTypes) {
        return new RopeSettings(settings, type, maxPositions).read(attentionTypes);
    }

    private List<RopeConfig> read(List<AttentionType> attentionTypes) {
        settings.only("partial_rotary_factor", RopeParameters::isOne, RopeParameters.WHOLE_HEAD);
        return switch (type) {
            case GEMMA3, OLMO3 -> byAttention(attentionTypes);
            case COHERE2 ->
                where(attentionTypes.size(), i -> attentionTypes.get(i) instanceof AttentionType.Local, shared());
            case SMOLLM3 -> {
                List<Integer> rotates = rotatingLayers(settings, attentionTypes.size());
                yield where(attentionTypes.size(), i -> rotates.get(i) != 0, shared());
            }
            case LLAMA, CWM, MISTRAL, MINISTRAL, QWEN2, QWEN3, GEMMA2, GPT_OSS ->
                Collections.nCopies(attentionTypes.size(), shared());
        };
    }

    private static List<RopeConfig> where(int numLayers, IntPredicate rotates, RopeConfig rope) {
        List<RopeConfig> ropes = new ArrayList<>(numLayers);
        for (int i = 0; i < numLayers; i++) {
            ropes.add(rotates.test(i) ? rope : new RopeConfig.None());
        }
        return ropes;
    }

    /// Reads which layers of a smollm3 rotate, 1 or 0 each.
    static List<Integer> rotatingLayers(JsonSettings settings, int numLayers) {
        int interval = settings.integer("no_rope_layer_interval", NO_ROPE_INTERVAL);
        List<JsonNode> given = settings.list("no_rope_layers");
        List<Integer> rotates = new ArrayList<>(numLayers);
        if (given.isEmpty()) {
            if (interval < 1) {
                settings.problem("no_rope_layer_interval must be at least 1: got " + interval);
            }
            for (int i = 0; i < numLayers; i++) {
                rotates.add((i + 1) % Math.max(1, interval) != 0 ? 1 : 0);
            }
            return rotates;
        }
        for (JsonNode node : given) {
            if (!node.isInt() || node.intValue() < 0 || node.intValue() > 1) {
                settings.problem("no_rope_layers must be of 1 (rotates) and 0 (does not): got " + node);
            }
            rotates.add(node.intValue());
        }
        if (rotates.size() != numLayers) {
            settings.problem("no_rope_layers must name each of the " + numLayers + " layers of num_hidden_layers: got "
                    + rotates.size());
            return Collections.nCopies(numLayers, 1);
        }
        return rotates;
    }

    /// Reads the one rotation of all layers.
    private RopeConfig shared() {
        JsonSettings parameters = settings.nested("rope_parameters");
        JsonSettings scaling = settings.nested("rope_scaling");
        double outer = settings.number("rope_theta", Double.NaN);
        RopeConfig rope = null;
        for (@Nullable JsonSettings one : new @Nullable JsonSettings[] {parameters, scaling}) {
            if (one != null) {
                rope = agreed(rope, read(one, outer, type.defaultRopeTheta));
            }
        }
        if (rope != null) {
            return rope;
        }
        if (type == ModelType.CWM && !Double.isNaN(outer) && outer != type.defaultRopeTheta) {
            settings.problem("rope_parameters must be given in a cwm with a rope_theta of its own, which transformers"
                    + " does not read without: got " + outer);
        }
        RopeScaling otherwise = switch (type) {
            case CWM -> CWM_SCALING;
            case GPT_OSS -> GPT_OSS_SCALING;
            default -> new RopeScaling.None();
        };
        return RopeParameters.rotary(settings, Double.isNaN(outer) ? type.defaultRopeTheta : outer, otherwise);
    }

    /// Reads one rotation for global and one for local layers.
    private List<RopeConfig> byAttention(List<AttentionType> attentionTypes) {
        boolean isGemma = type == ModelType.GEMMA3;
        double localDefault = isGemma ? GEMMA3_LOCAL_THETA : type.defaultRopeTheta;
        JsonSettings parameters = settings.nested("rope_parameters");
        JsonSettings scaling = settings.nested("rope_scaling");
        double outer = settings.number("rope_theta", Double.NaN);
        double localOuter = isGemma ? settings.number("rope_local_base_freq", Double.NaN) : Double.NaN;
        if (type == ModelType.OLMO3 && !Double.isNaN(outer) && outer != localDefault && parameters == null) {
            settings.problem("rope_theta must be 500000 in an olmo3 without rope_parameters, since versions of "
                    + "transformers differ in what another one means for local layers: got " + outer);
        }
        @Nullable JsonSettings full = parameters == null ? null : parameters.nested(LayerTypes.FULL);
        @Nullable JsonSettings sliding = parameters == null ? null : parameters.nested(LayerTypes.SLIDING);
        if (parameters != null) {
            parameters.refuseUnknown(_ -> false);
        }
        RopeConfig global = null;
        for (@Nullable JsonSettings one : new @Nullable JsonSettings[] {full, scaling}) {
            if (one != null) {
                // transformers looks for this switch where it cannot be in such a config.
                one.only("truncate", node -> node.isBoolean() && node.booleanValue(), "true here");
                global = agreed(global, read(one, outer, type.defaultRopeTheta));
            }
        }
        if (global == null) {
            global = RopeParameters.rotary(
                    settings, Double.isNaN(outer) ? type.defaultRopeTheta : outer, new RopeScaling.None());
        }
        RopeConfig local = sliding == null
                ? RopeParameters.rotary(
                        settings, Double.isNaN(localOuter) ? localDefault : localOuter, new RopeScaling.None())
                : read(sliding, localOuter, localDefault);
        List<RopeConfig> ropes = new ArrayList<>(attentionTypes.size());
        for (AttentionType attention : attentionTypes) {
            ropes.add(attention instanceof AttentionType.Global ? global : local);
        }
        return ropes;
    }

    private RopeConfig read(JsonSettings rope, double outerTheta, double defaultTheta) {
        return new RopeParameters(rope, maxPositions).read(outerTheta, defaultTheta);
    }

    private RopeConfig agreed(@Nullable RopeConfig one, RopeConfig other) {
        if (one != null && !one.equals(other)) {
            settings.problem("rope_parameters and rope_scaling must say the same: got " + one + " and " + other);
        }
        return other;
    }
}
