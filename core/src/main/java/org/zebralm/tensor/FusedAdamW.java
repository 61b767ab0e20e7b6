package org.zebralm.tensor;

import java.util.List;
import org.bytedeco.pytorch.IValue;

/// libtorch's fused AdamW step (arXiv 1711.05101), one pass over parameters, gradients and both moments.
public final class FusedAdamW {
    private static final Operator STEP = Operator.find("aten::_fused_adamw_");

    private FusedAdamW() {}

    /// Updates `parameters`, `means` and `variances` (float32, all lists in one order) in place; `step` counts
    /// from 1.
    public static void step(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<Tensor> means,
            List<Tensor> variances,
            long step,
            double learningRate,
            double beta1,
            double beta2,
            double weightDecay,
            double eps) {
        Tensor count = Tensors.full((double) step, DType.FLOAT32);
        STEP.call(
                Operator.list(parameters),
                Operator.list(gradients),
                Operator.list(means),
                Operator.list(variances),
                Operator.list(List.of()),
                Operator.list(parameters.stream().map(_ -> count).toList()),
                new IValue(learningRate),
                new IValue(beta1),
                new IValue(beta2),
                new IValue(weightDecay),
                new IValue(eps),
                new IValue(false),
                new IValue(false),
                Operator.optional(null),
                Operator.optional(null));
    }
}
