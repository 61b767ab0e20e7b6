package org.zebralm.nn;

import java.util.Optional;
import org.zebralm.kernel.RowKernels;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// Root-mean-square norm over the last axis (arXiv 1910.07467), computed in float32.
public record RmsNorm(Tensor weight, double eps) implements Norm {
    public static RmsNorm load(Params params, int width, double eps) {
        return new RmsNorm(params.get("weight", new Init.Ones(), width), eps);
    }

    @Override
    public Tensor forward(Tensor x) {
        Optional<RowKernels> rows = Inference.rows(x);
        if (rows.isEmpty()) {
            return Functional.rmsNorm(x, weight, eps);
        }
        long width = weight.size(0);
        Tensor x_TD = x.reshape(x.numElements() / width, width);
        return rows.get().rmsNorm(x_TD, weight, eps).reshape(x.shape());
    }
}
