package org.zebralm.nn;

import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// `y = x W^T`, weight `[out, in]`.
public record Linear(Tensor weight) {
    public static Linear load(Params params, int in, int out, double initStd) {
        return new Linear(params.get("weight", new Init.Normal(initStd), out, in));
    }

    /// Maps `[.., in]` to `[.., out]`.
    public Tensor forward(Tensor x) {
        return Functional.linear(x, weight, null);
    }
}
