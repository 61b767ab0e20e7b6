package org.zebralm.train;

import java.util.List;
import org.zebralm.tensor.FusedAdamW;
import org.zebralm.tensor.Tensor;

/// The optimizer: clips the gradient's norm, then moves the masters; matrices decay, gains do not.
final class AdamW {
    private final Parameters parameters;
    private final TrainConfig config;

    AdamW(Parameters parameters, TrainConfig config) {
        this.parameters = parameters;
        this.config = config;
    }

    /// Moves the parameters by the gradients collected, clears those, and returns their norm before clipping.
    ///
    /// `step` counts from 0. Nothing moves if the norm is not finite.
    double step(int step) {
        double norm = gradientNorm();
        if (Double.isFinite(norm)) {
            if (norm > config.optimizer().clipNorm()) {
                double factor = config.optimizer().clipNorm() / norm;
                parameters.all().forEach(parameter -> parameter.gradient().mulInPlace(factor));
            }
            update(
                    step,
                    parameters.all().stream().filter(Parameter::decays).toList(),
                    config.optimizer().weightDecay());
            update(step, parameters.all().stream().filter(p -> !p.decays()).toList(), 0);
            parameters.refreshLeaves();
        }
        parameters.clearGradients();
        return norm;
    }

    private double gradientNorm() {
        double squares = 0;
        for (Parameter parameter : parameters.all()) {
            double norm = parameter.gradient().norm().item();
            squares += norm * norm;
        }
        return Math.sqrt(squares);
    }

    private void update(int step, List<Parameter> group, double weightDecay) {
        FusedAdamW.step(
                tensors(group, Parameter::master),
                tensors(group, Parameter::gradient),
                tensors(group, Parameter::mean),
                tensors(group, Parameter::variance),
                step + 1L,
                config.learningRateAt(step),
                config.optimizer().beta1(),
                config.optimizer().beta2(),
                weightDecay,
                config.optimizer().eps());
    }

    private static List<Tensor> tensors(List<Parameter> group, java.util.function.Function<Parameter, Tensor> part) {
        return group.stream().map(part).toList();
    }
}
