package org.zebralm.nn;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// Layer norm (arXiv 1607.06450) without a bias, computed in float32.
public record LayerNorm(Tensor weight, double eps) implements Norm {
    @Override
    public Tensor forward(Tensor x) {
        return Functional.layerNorm(x.to(DType.FLOAT32), weight.to(DType.FLOAT32), eps)
                .to(x.dtype());
    }
}
