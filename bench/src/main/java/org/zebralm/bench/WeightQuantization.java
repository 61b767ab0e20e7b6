package org.zebralm.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.zebralm.model.Cost;
import org.zebralm.model.Zebra;

/// What a timed model's matrices are stored as.
public enum WeightQuantization {
    /// As they were loaded.
    NONE,
    INT8,
    INT4;

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the quantization of a label.
    public static WeightQuantization parse(String label) {
        return Arrays.stream(values())
                .filter(one -> one.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("quantization must be one of "
                        + Arrays.stream(values()).map(WeightQuantization::label).collect(Collectors.joining(", "))
                        + ": got " + label));
    }

    /// Refuses what cannot be timed.
    public void requireSupported() {
        if (this != NONE) {
            throw new IllegalArgumentException(
                    "quantized weights cannot be computed with yet: got " + label() + "; leave it at none");
        }
    }

    /// Returns `dense` with its matrices stored as this.
    Zebra apply(Zebra dense) {
        requireSupported();
        return dense;
    }

    /// Returns the bytes of the matrices that each token is multiplied with, the embedding not among them.
    long matrixBytes(Zebra model) {
        requireSupported();
        return new Cost(model.config()).matrixParameters()
                * model.head().weight().dtype().bytes();
    }
}
