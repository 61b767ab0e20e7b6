package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.zebralm.nn.RopeScaling;

/// How a GGUF file says that rotations are stretched, in the words of `rope_scaling`.
final class GgufRope {
    /// What Llama 3.1 and 3.2 have; a file holds the factors that follow from these, not the numbers.
    private static final double LOW_FREQ_FACTOR = 1;

    private static final double HIGH_FREQ_FACTOR = 4;
    private static final int ORIGINAL_POSITIONS = 8192;

    /// The factors are float32, computed from float32 frequencies.
    private static final double TOLERANCE = 1e-4;

    private GgufRope() {}

    /// Returns `rope_scaling`, or null if there is none.
    static @Nullable ObjectNode scaling(GgufSettings settings) {
        String type = settings.text("rope.scaling.type", "none");
        double factor = settings.number("rope.scaling.factor", settings.number("rope.scale_linear", 0));
        int original = settings.integer("rope.scaling.original_context_length", 0);
        double attention = settings.number("rope.scaling.attn_factor", 1);
        settings.ignore("rope.scaling.finetuned"); // says how the model came about
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        switch (type) {
            case "none" -> {
                if (factor != 0 && factor != 1) {
                    settings.problem("rope.scaling.type must be given where there is a factor: got factor " + factor);
                }
                return null;
            }
            case "linear" -> {
                json.put("rope_type", "linear").put("factor", factor);
                original = 0;
            }
            case "yarn" -> {
                json.put("rope_type", "yarn").put("factor", factor);
                json.put("beta_fast", settings.number("rope.scaling.yarn_beta_fast", 32));
                json.put("beta_slow", settings.number("rope.scaling.yarn_beta_slow", 1));
            }
            default -> settings.problem("rope.scaling.type must be none, linear or yarn: got \"" + type + '"');
        }
        if (original != 0) {
            json.put("original_max_position_embeddings", original);
        }
        if (attention != 1 && !(type.equals("yarn") && attention > 0)) {
            settings.problem("rope.scaling.attn_factor must be above 0 with yarn and 1 elsewhere: got " + attention);
        } else if (attention != 1) {
            json.put("attention_factor", attention * RopeScaling.Yarn.attentionFactor(factor, 1));
        }
        return json;
    }

    /// Returns the `llama3` scaling whose factors are those of a file, or null if all are 1.
    ///
    /// @param headDim the width of a head, half of which is the number of factors
    static @Nullable ObjectNode llama3(GgufSettings settings, GgufHeader.Entry factors, double theta, int headDim) {
        int half = headDim / 2;
        if (factors.type() != GgufType.F32 || factors.bytes().byteSize() != (long) half * Float.BYTES) {
            settings.problem(GgufNames.ROPE_FACTORS + " must be " + half + " numbers of F32: got " + factors.sizes()
                    + " of " + factors.type());
            return null;
        }
        double factor = 1;
        for (int i = 0; i < half; i++) {
            factor = Math.max(factor, at(factors.bytes(), i));
        }
        if (!Double.isFinite(factor)) {
            settings.problem(GgufNames.ROPE_FACTORS + " must be finite: got " + factor);
            return null;
        }
        var usual = new RopeScaling.Llama3(factor, LOW_FREQ_FACTOR, HIGH_FREQ_FACTOR, ORIGINAL_POSITIONS);
        int named = settings.integer("rope.scaling.original_context_length", ORIGINAL_POSITIONS);
        var other = new RopeScaling.Llama3(factor, LOW_FREQ_FACTOR, HIGH_FREQ_FACTOR, Math.max(1, named));
        RopeScaling.Llama3 scaling = isOf(usual, factors, theta, headDim) ? usual : other;
        if (!isOf(scaling, factors, theta, headDim)) {
            settings.problem(GgufNames.ROPE_FACTORS + " must be those of Llama 3.1's scaling by " + factor
                    + " (no others are implemented): got " + at(factors.bytes(), half - 1) + " as the last");
            return null;
        }
        if (factor == 1) {
            return null;
        }
        return JsonNodeFactory.instance
                .objectNode()
                .put("rope_type", "llama3")
                .put("factor", factor)
                .put("low_freq_factor", LOW_FREQ_FACTOR)
                .put("high_freq_factor", HIGH_FREQ_FACTOR)
                .put("original_max_position_embeddings", scaling.originalPositions());
    }

    private static boolean isOf(RopeScaling.Llama3 scaling, GgufHeader.Entry factors, double theta, int headDim) {
        for (int i = 0; i < headDim / 2; i++) {
            double expected = factor(Math.pow(theta, -2.0 * i / headDim), scaling);
            if (!(Math.abs(at(factors.bytes(), i) - expected) <= TOLERANCE * expected)) {
                return false;
            }
        }
        return true;
    }

    private static float at(MemorySegment floats, int i) {
        return Float.intBitsToFloat(
                new ByteCursor(GgufNames.ROPE_FACTORS, floats.asSlice((long) i * Float.BYTES)).readInt());
    }

    /// Returns what Llama 3's scaling divides a frequency by: short waves are left as they are, long ones stretched,
    /// and between them it goes over smoothly.
    static double factor(double frequency, RopeScaling.Llama3 scaling) {
        double wavelength = 2 * Math.PI / frequency;
        if (wavelength < scaling.originalPositions() / scaling.highFreqFactor()) {
            return 1;
        }
        if (wavelength > scaling.originalPositions() / scaling.lowFreqFactor()) {
            return scaling.factor();
        }
        double smooth = (scaling.originalPositions() / wavelength - scaling.lowFreqFactor())
                / (scaling.highFreqFactor() - scaling.lowFreqFactor());
        return 1 / ((1 - smooth) / scaling.factor() + smooth);
    }
}
