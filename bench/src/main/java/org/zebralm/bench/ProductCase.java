package org.zebralm.bench;

/// A product of decoding: `rows` rows of bfloat16 inputs with a weight `[out, in]`.
public record ProductCase(Stored stored, int out, int in, int rows) {
    /// How the weight lies in memory.
    public enum Stored {
        FLOAT32,
        BFLOAT16,
        INT8,
        /// In groups of 32.
        INT4
    }

    public ProductCase {
        if (out < 1 || in < 1 || rows < 1) {
            throw new IllegalArgumentException(
                    "a product needs outputs, inputs and rows: got " + out + ", " + in + " and " + rows);
        }
    }

    /// Returns the bytes of libtorch's and our weights, scales left out: what has to be read at least.
    long weightBytes() {
        long weights = (long) out * in;
        return switch (stored) {
            case FLOAT32 -> 4 * weights;
            case BFLOAT16 -> 2 * weights;
            case INT8 -> weights;
            case INT4 -> weights / 2;
        };
    }
}
