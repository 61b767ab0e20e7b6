package org.zebralm.bench;

import org.jspecify.annotations.Nullable;
import org.zebralm.model.Cost;
import org.zebralm.model.DecoderLayer;
import org.zebralm.model.Zebra;
import org.zebralm.nn.GatedFeedForward;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;

/// What a timed model's matrices are stored as: as they were loaded, or in fewer bits, the head as well.
///
/// @param config how, or null for as they were loaded
public record WeightQuantization(@Nullable QuantizationConfig config) {
    /// As they were loaded.
    public static final WeightQuantization NONE = new WeightQuantization(null);

    public static final WeightQuantization INT8 = of(WeightFormat.INT8, QuantizationConfig.DEFAULT_GROUP);
    public static final WeightQuantization INT4 = of(WeightFormat.INT4, QuantizationConfig.DEFAULT_GROUP);

    private static WeightQuantization of(WeightFormat format, int group) {
        return new WeightQuantization(new QuantizationConfig(format, WeightFormat.KEEP, format, group));
    }

    /// Returns `int4`, or with another group than the usual one `int4:128`.
    public String label() {
        if (config == null) {
            return "none";
        }
        boolean isUsual = !config.hasGroups() || config.group() == QuantizationConfig.DEFAULT_GROUP;
        return config.layers().label() + (isUsual ? "" : ":" + config.group());
    }

    /// Returns the quantization of a label.
    public static WeightQuantization parse(String label) {
        if (label.startsWith("int4:")) {
            try {
                return of(WeightFormat.INT4, Integer.parseInt(label.substring("int4:".length())));
            } catch (NumberFormatException _) {
                // told below
            }
        }
        return switch (label) {
            case "none" -> NONE;
            case "int8" -> INT8;
            case "int4" -> INT4;
            default ->
                throw new IllegalArgumentException(
                        "quantization must be none, int8, int4, or int4:GROUP: got " + label);
        };
    }

    /// Returns the bytes of the matrices that each token is multiplied with, the embedding not among them.
    static long matrixBytes(Zebra model) {
        long sum = model.head().matrix().bytes();
        for (DecoderLayer layer : model.layers()) {
            if (!(layer.feedForward() instanceof GatedFeedForward feedForward)) {
                return new Cost(model.config()).matrixParameters()
                        * model.dtype().bytes(); // experts stay dense
            }
            sum += layer.attention().query().matrix().bytes()
                    + layer.attention().key().matrix().bytes()
                    + layer.attention().value().matrix().bytes()
                    + layer.attention().out().matrix().bytes()
                    + feedForward.gate().matrix().bytes()
                    + feedForward.up().matrix().bytes()
                    + feedForward.down().matrix().bytes();
        }
        return sum;
    }
}
