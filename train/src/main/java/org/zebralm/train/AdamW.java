package org.zebralm.train;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.FusedAdamW;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// AdamW (arXiv 1711.05101) for parameters of one weight decay: `mean.` and `variance.` of each are saved.
final class AdamW implements UpdateRule {
    private final List<Tensor> masters = new ArrayList<>();
    private final List<Tensor> gradients = new ArrayList<>();
    private final List<Tensor> means = new ArrayList<>();
    private final List<Tensor> variances = new ArrayList<>();
    private final double weightDecay;
    private final OptimizerConfig config;

    AdamW(List<Parameter> group, double weightDecay, OptimizerConfig config, Parameters memory) {
        this.weightDecay = weightDecay;
        this.config = config;
        for (Parameter parameter : group) {
            long[] shape = parameter.master().shape();
            masters.add(parameter.master());
            gradients.add(parameter.gradient());
            means.add(memory.remember("mean." + parameter.name(), Tensors.zeros(DType.FLOAT32, shape)));
            variances.add(memory.remember("variance." + parameter.name(), Tensors.zeros(DType.FLOAT32, shape)));
        }
    }

    @Override
    public void update(long update, double learningRate) {
        FusedAdamW.step(
                masters,
                gradients,
                means,
                variances,
                update,
                learningRate,
                config.beta1(),
                config.beta2(),
                weightDecay,
                config.eps());
    }
}
