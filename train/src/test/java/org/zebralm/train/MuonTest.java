package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.nn.Init;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Muon against loops in float64.
class MuonTest {
    private static final double LEARNING_RATE = 0.02;
    private static final double WEIGHT_DECAY = 0.1;
    private static final double MOMENTUM = 0.9;

    @ParameterizedTest
    @CsvSource({"7, 12, FLOAT32, 2e-5", "12, 7, FLOAT32, 2e-5", "8, 8, FLOAT32, 2e-5", "7, 12, BFLOAT16, 0.02"})
    void stepsAreThoseOfPlainLoops(int rows, int columns, DType compute, double tolerance) {
        var random = new SplittableRandom(3);
        double[][] weights = matrix(random, rows, columns);
        double[][] momentum = new double[rows][columns];
        try (var _ = Scope.open();
                var memory = new Parameters((_, _, _) -> tensor(weights), DType.FLOAT32);
                var _ = Autograd.recording(false)) {
            memory.get("model.layers.0.mlp.up_proj.weight", new Init.Zeros(), rows, columns);
            Parameter parameter = memory.all().getFirst();
            var muon = new Muon(List.of(parameter), WEIGHT_DECAY, new MuonConfig(MOMENTUM, 5, compute), memory);
            for (int step = 1; step <= 3; step++) {
                double[][] gradient = matrix(random, rows, columns);
                parameter.gradient().copyInPlace(tensor(gradient));
                muon.update(step, LEARNING_RATE);
                move(weights, gradient, momentum);
            }
            double[] moved = parameter.master().toDoubles();
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    assertThat(moved[r * columns + c]).isCloseTo(weights[r][c], within(tolerance));
                }
            }
            double[] remembered = Objects.requireNonNull(
                            memory.state().get("momentum.model.layers.0.mlp.up_proj.weight"))
                    .toDoubles();
            assertThat(remembered[columns + 2]).isCloseTo(momentum[1][2], within(1e-5));
        }
    }

    @Test
    void singularValuesComeNearOne() {
        // Diagonal, so that the singular values are the entries: four that differ by a factor of twenty.
        float[] u = {2, 0, 0, 0, 0, 0.1f, 0, 0, 0, 0, 0.5f, 0, 0, 0, 0, 1};
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            float[] o =
                    Muon.orthogonalise(Tensors.of(u, 4, 4), 5, DType.FLOAT32).toFloats();
            for (int i = 0; i < 16; i++) {
                if (i % 5 == 0) {
                    assertThat(o[i]).isBetween(0.65f, 1.25f);
                } else {
                    assertThat(o[i]).isZero();
                }
            }
        }
    }

    @Test
    void aGradientOfZerosMovesNothing() {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            assertThat(Muon.orthogonalise(Tensors.zeros(DType.FLOAT32, 3, 5), 5, DType.BFLOAT16)
                            .toFloats())
                    .containsOnly(0);
        }
    }

    @Test
    void numbersOutOfRangeAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MuonConfig(1, 5, DType.FLOAT32))
                .withMessage("momentum must be at least 0 and below 1: got 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MuonConfig(0.9, 0, DType.FLOAT32))
                .withMessage("iterations must be at least 1: got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MuonConfig(0.9, 5, DType.FLOAT16))
                .withMessage("compute must be float32 or bfloat16: got float16");
    }

    private static void move(double[][] weights, double[][] gradient, double[][] momentum) {
        int rows = weights.length;
        int columns = weights[0].length;
        double[][] x = new double[rows][columns];
        double squares = 0;
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                momentum[r][c] = MOMENTUM * momentum[r][c] + gradient[r][c];
                x[r][c] = gradient[r][c] + MOMENTUM * momentum[r][c];
                squares += x[r][c] * x[r][c];
            }
        }
        for (double[] row : x) {
            for (int c = 0; c < columns; c++) {
                row[c] /= Math.sqrt(squares);
            }
        }
        for (int i = 0; i < 5; i++) {
            // On the left always, whichever side is shorter: the polynomial is the same.
            double[][] gram = product(x, transposed(x));
            double[][] first = product(gram, x);
            double[][] second = product(gram, first);
            for (int r = 0; r < rows; r++) {
                for (int c = 0; c < columns; c++) {
                    x[r][c] = 3.4445 * x[r][c] - 4.7750 * first[r][c] + 2.0315 * second[r][c];
                }
            }
        }
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                weights[r][c] -= LEARNING_RATE
                        * (WEIGHT_DECAY * weights[r][c] + 0.2 * Math.sqrt(Math.max(rows, columns)) * x[r][c]);
            }
        }
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] result = new double[a.length][b[0].length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < b[0].length; c++) {
                for (int k = 0; k < b.length; k++) {
                    result[r][c] += a[r][k] * b[k][c];
                }
            }
        }
        return result;
    }

    private static double[][] transposed(double[][] a) {
        double[][] result = new double[a[0].length][a.length];
        for (int r = 0; r < a.length; r++) {
            for (int c = 0; c < a[0].length; c++) {
                result[c][r] = a[r][c];
            }
        }
        return result;
    }

    private static double[][] matrix(SplittableRandom random, int rows, int columns) {
        double[][] result = new double[rows][columns];
        for (double[] row : result) {
            for (int c = 0; c < columns; c++) {
                row[c] = (float) random.nextGaussian();
            }
        }
        return result;
    }

    private static Tensor tensor(double[][] values) {
        double[] flat = new double[values.length * values[0].length];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = values[i / values[0].length][i % values[0].length];
        }
        return Tensors.of(flat, values.length, values[0].length).to(DType.FLOAT32);
    }
}
