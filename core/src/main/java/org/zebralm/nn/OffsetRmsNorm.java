package org.zebralm.nn;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// Gemma's root-mean-square norm: the stored weight is what the factor differs from one by.
///
/// The sum is taken in float32, as transformers does: near one bfloat16 has steps of 1/128, and the weight would
/// vanish in it.
public record OffsetRmsNorm(Tensor weight, double eps) implements Norm {
    @Override
    public Tensor forward(Tensor x) {
        Tensor factor = weight.to(DType.FLOAT32).add(1);
        return Functional.rmsNorm(x.to(DType.FLOAT32), factor, eps).to(x.dtype());
    }
}
