package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/// Reads how positions are rotated: transformers 5's `rope_parameters`, or the `rope_theta` and `rope_scaling` of 4.
final class RopeSettings {
    private RopeSettings() {}

    /// Returns the base of the default rotation; any other rotation is a problem.
    static double readTheta(JsonSettings settings, ModelType type) {
        settings.only("partial_rotary_factor", RopeSettings::isOne, "1 (rotating part of a head is not implemented)");
        JsonSettings parameters = settings.nested("rope_parameters");
        JsonSettings scaling = settings.nested("rope_scaling");
        double outer = settings.number("rope_theta", Double.NaN);
        if (parameters == null && scaling == null && type == ModelType.CWM) {
            settings.problem(
                    "rope_parameters is missing, which in a cwm means llama3 scaling x16: not implemented. Write "
                            + "{\"rope_type\": \"default\", \"rope_theta\": ...} if the model was trained without");
        }
        double theta = Double.NaN;
        for (@Nullable JsonSettings rope : new @Nullable JsonSettings[] {parameters, scaling}) {
            if (rope != null) {
                theta = agreed(settings, theta, readDefault(rope));
            }
        }
        theta = agreed(settings, theta, outer);
        return Double.isNaN(theta) ? type.defaultRopeTheta : theta;
    }

    private static double readDefault(JsonSettings rope) {
        for (String key : new String[] {"rope_type", "type"}) {
            rope.only(key, kind -> kind.asText().equals("default"), "\"default\" (no other rotation is implemented)");
        }
        rope.only("partial_rotary_factor", RopeSettings::isOne, "1 (rotating part of a head is not implemented)");
        double theta = rope.number("rope_theta", Double.NaN);
        rope.refuseUnknown(_ -> false);
        return theta;
    }

    private static double agreed(JsonSettings settings, double one, double other) {
        if (!Double.isNaN(one) && !Double.isNaN(other) && one != other) {
            settings.problem("rope_theta must be the same wherever it is given: got " + one + " and " + other);
        }
        return Double.isNaN(one) ? other : one;
    }

    private static boolean isOne(JsonNode node) {
        return node.isNumber() && node.doubleValue() == 1;
    }
}
