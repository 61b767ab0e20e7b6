package org.zebralm.nn;

import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// What bends the gate of a feed-forward part.
public enum Activation {
    SILU,
    /// The Gaussian error linear unit, exact.
    GELU,
    /// The same by its approximation with a hyperbolic tangent.
    GELU_TANH;

    public Tensor apply(Tensor x) {
        return switch (this) {
            case SILU -> Functional.silu(x);
            case GELU -> Functional.gelu(x, false);
            case GELU_TANH -> Functional.gelu(x, true);
        };
    }
}
