package org.zebralm.nn;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// `y = x W^T + b`, weight `[out, in]`; most decoders have no bias.
public record Linear(Tensor weight, @Nullable Tensor bias) {
    /// Makes a product without a bias.
    public Linear(Tensor weight) {
        this(weight, null);
    }

    public static Linear load(Params params, int in, int out, double initStd) {
        return load(params, in, out, initStd, false);
    }

    public static Linear load(Params params, int in, int out, double initStd, boolean hasBias) {
        return new Linear(
                params.get("weight", new Init.Normal(initStd), out, in),
                hasBias ? params.get("bias", new Init.Zeros(), out) : null);
    }

    /// Maps `[.., in]` to `[.., out]`.
    public Tensor forward(Tensor x) {
        return Functional.linear(x, weight, bias);
    }
}
