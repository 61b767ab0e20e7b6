package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class FusedAdamWTest {
    private static final int N = 97;
    private static final double LEARNING_RATE = 3e-3;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.95;
    private static final double WEIGHT_DECAY = 0.1;
    private static final double EPS = 1e-8;

    /// The update as the paper's algorithm 2 has it (arXiv 1711.05101), in float64.
    @Test
    void stepsAreThoseOfThePaper() {
        var random = new SplittableRandom(1);
        double[] weights = new double[N];
        double[] means = new double[N];
        double[] variances = new double[N];
        for (int i = 0; i < N; i++) {
            weights[i] = (float) (random.nextDouble() - 0.5);
        }
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor parameter = Tensors.of(weights, N).to(DType.FLOAT32);
            Tensor mean = Tensors.zeros(DType.FLOAT32, N);
            Tensor variance = Tensors.zeros(DType.FLOAT32, N);
            for (int step = 1; step <= 20; step++) {
                double[] gradient = new double[N];
                for (int i = 0; i < N; i++) {
                    gradient[i] = (float) (random.nextDouble() * Math.pow(10, random.nextInt(-4, 2)) - 0.1);
                    weights[i] -= LEARNING_RATE * WEIGHT_DECAY * weights[i];
                    means[i] = BETA1 * means[i] + (1 - BETA1) * gradient[i];
                    variances[i] = BETA2 * variances[i] + (1 - BETA2) * gradient[i] * gradient[i];
                    double meanHat = means[i] / (1 - Math.pow(BETA1, step));
                    double varianceHat = variances[i] / (1 - Math.pow(BETA2, step));
                    weights[i] -= LEARNING_RATE * meanHat / (Math.sqrt(varianceHat) + EPS);
                }
                FusedAdamW.step(
                        List.of(parameter),
                        List.of(Tensors.of(gradient, N).to(DType.FLOAT32)),
                        List.of(mean),
                        List.of(variance),
                        step,
                        LEARNING_RATE,
                        BETA1,
                        BETA2,
                        WEIGHT_DECAY,
                        EPS);
            }
            float[] moved = parameter.toFloats();
            for (int i = 0; i < N; i++) {
                assertThat((double) moved[i]).as("element " + i).isCloseTo(weights[i], within(1e-6));
            }
        }
    }
}
