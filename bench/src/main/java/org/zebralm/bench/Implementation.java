package org.zebralm.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// Whose attention is timed.
public enum Implementation {
    /// Ours: what `AttentionKernels` chose for this machine.
    ZEBRA,
    /// libtorch's `scaled_dot_product_attention`, in the same process.
    TORCH,
    /// Ours composed of libtorch's operations, which runs where the Vector module is missing.
    PORTABLE;

    /// Returns the name users write.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the implementation with this [#label].
    public static Implementation parse(String label) {
        for (Implementation implementation : values()) {
            if (implementation.label().equals(label)) {
                return implementation;
            }
        }
        throw new IllegalArgumentException("implementation must be one of "
                + Arrays.stream(values()).map(Implementation::label).collect(Collectors.joining(", ")) + ": got "
                + label);
    }
}
