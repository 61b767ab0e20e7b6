package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// One rotation as `rope_parameters` or `rope_scaling` describes it.
final class RopeParameters {
    static final String WHOLE_HEAD = "1 (rotating part of a head is not implemented)";

    private static final double DEFAULT_THETA_IF_WRONG = 10_000;
    private static final double BETA_FAST = 32;
    private static final double BETA_SLOW = 1;

    private final JsonSettings rope;
    private final int maxPositions;

    RopeParameters(JsonSettings rope, int maxPositions) {
        this.rope = rope;
        this.maxPositions = maxPositions;
    }

    /// Reads the rotation; its theta may stand within the object or, in files of transformers 4, outside.
    ///
    /// @param outerTheta the one outside, or NaN
    /// @param defaultTheta what is meant where there is none
    RopeConfig read(double outerTheta, double defaultTheta) {
        rope.only("partial_rotary_factor", RopeParameters::isOne, WHOLE_HEAD);
        double theta = rope.number("rope_theta", Double.NaN);
        if (!Double.isNaN(theta) && !Double.isNaN(outerTheta) && theta != outerTheta) {
            rope.problem("rope_theta must be the same wherever it is given: got " + theta + " and " + outerTheta);
        }
        if (Double.isNaN(theta)) {
            theta = Double.isNaN(outerTheta) ? defaultTheta : outerTheta;
        }
        String name = rope.string("rope_type", rope.string("type", "default"));
        rope.ignore(Set.of("type"));
        RopeScaling scaling;
        try {
            scaling = scaling(name);
        } catch (IllegalArgumentException e) {
            rope.problem("rope_type " + name + ": " + e.getMessage());
            scaling = new RopeScaling.None();
        }
        rope.refuseUnknown(_ -> false);
        return rotary(rope, theta, scaling);
    }

    private RopeScaling scaling(String name) {
        return switch (name) {
            case "default" -> new RopeScaling.None();
            case "linear" -> new RopeScaling.Linear(factor());
            // Not the original_max_position_embeddings: transformers measures against the config's own limit.
            case "dynamic" -> {
                rope.ignore(Set.of("original_max_position_embeddings"));
                yield new RopeScaling.DynamicNtk(factor(), maxPositions, maxPositions);
            }
            case "yarn" -> yarn();
            case "llama3" ->
                new RopeScaling.Llama3(
                        factor(),
                        required("low_freq_factor"),
                        required("high_freq_factor"),
                        rope.integer("original_max_position_embeddings", maxPositions));
            default -> {
                rope.problem("rope_type must be one of default, linear, dynamic, yarn, llama3: got \"" + name + '"');
                yield new RopeScaling.None();
            }
        };
    }

    private RopeScaling yarn() {
        int original = rope.integer("original_max_position_embeddings", maxPositions);
        double factor = rope.number("factor", (double) maxPositions / Math.max(1, original));
        double mscale = rope.number("mscale", 0);
        double mscaleAllDim = rope.number("mscale_all_dim", 0);
        double usual = mscale != 0 && mscaleAllDim != 0
                ? RopeScaling.Yarn.attentionFactor(factor, mscale)
                        / RopeScaling.Yarn.attentionFactor(factor, mscaleAllDim)
                : RopeScaling.Yarn.attentionFactor(factor, 1);
        rope.ignore(Set.of("finetuned"));
        return new RopeScaling.Yarn(
                factor,
                original,
                rope.number("beta_fast", BETA_FAST),
                rope.number("beta_slow", BETA_SLOW),
                rope.flag("truncate", true),
                rope.number("attention_factor", usual));
    }

    private double factor() {
        return required("factor");
    }

    private double required(String key) {
        double value = rope.number(key, Double.NaN);
        if (Double.isNaN(value)) {
            throw new IllegalArgumentException(key + " is missing");
        }
        return value;
    }

    /// Makes a rotation, a theta out of range being a problem of the file.
    static RopeConfig rotary(JsonSettings settings, double theta, RopeScaling scaling) {
        try {
            return new RopeConfig.Rotary(theta, scaling);
        } catch (IllegalArgumentException e) {
            settings.problem(String.valueOf(e.getMessage()));
            return new RopeConfig.Rotary(DEFAULT_THETA_IF_WRONG, scaling);
        }
    }

    static boolean isOne(JsonNode node) {
        return node.isNumber() && node.doubleValue() == 1;
    }
}
