package org.zebralm.bench;

import java.util.Arrays;
import java.util.stream.Collectors;

/// What is computed of an attention.
///
/// Floating-point operations are those of the matrix products over pairs attended to: two forward, five
/// backward, two operations per element of a head. Masked work counts as nothing, and so do softmax and
/// recomputation.
public enum Pass {
    /// All queries of a sequence, as in prefill.
    FORWARD("forward", 4),
    /// The same and the gradients of queries, keys and values, as in training.
    FORWARD_BACKWARD("forward+backward", 14),
    /// One query against the keys of a cache, as for each generated token.
    DECODE("decode", 4);

    private final String label;
    private final int flopsPerPairElement;

    Pass(String label, int flopsPerPairElement) {
        this.label = label;
        this.flopsPerPairElement = flopsPerPairElement;
    }

    /// Returns the name users write.
    public String label() {
        return label;
    }

    /// Returns the operations per attended pair, head and element of a head.
    public int flopsPerPairElement() {
        return flopsPerPairElement;
    }

    /// Returns the pass with this [#label].
    public static Pass parse(String label) {
        for (Pass pass : values()) {
            if (pass.label.equals(label)) {
                return pass;
            }
        }
        throw new IllegalArgumentException("pass must be one of "
                + Arrays.stream(values()).map(Pass::label).collect(Collectors.joining(", ")) + ": got " + label);
    }
}
