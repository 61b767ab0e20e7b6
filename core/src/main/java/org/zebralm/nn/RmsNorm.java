package org.zebralm.nn;

import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// Root-mean-square norm over the last axis (arXiv 1910.07467), computed in float32.
public record RmsNorm(Tensor weight, double eps) implements Norm {
    public static RmsNorm load(Params params, int width, double eps) {
        return new RmsNorm(params.get("weight", new Init.Ones(), width), eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        return Functional.rmsNorm(x, weight, eps);
    }
}
