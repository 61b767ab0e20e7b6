package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/// The loops' gradients against differences of their outputs.
class LoopAttentionTest {
    private static final int[] BOUNDS = {0, 3, 9};

    @Test
    void gradientsEqualDifferences() {
        check(Double.POSITIVE_INFINITY, 0);
        check(0.6, 0);
        check(Double.POSITIVE_INFINITY, 2);
        check(0.6, 2);
    }

    private static void check(double cap, int numSinks) {
        Random random = new Random(1);
        double[][] values = new double[5][];
        for (int i = 0; i < 4; i++) {
            values[i] =
                    random.doubles(9L * (i == 1 || i == 2 ? 1 : 2) * 4, -1, 1).toArray();
        }
        values[4] = random.doubles(numSinks, -1, 1).toArray();
        LoopAttention exact = of(values, cap);
        double[][] gradients = {exact.dq, exact.dk, exact.dv, {}, exact.dSinks};
        double step = 1e-5;
        for (int which : new int[] {0, 1, 2, 4}) {
            for (int i = 0; i < values[which].length; i++) {
                double kept = values[which][i];
                values[which][i] = kept + step;
                double above = objective(values, cap);
                values[which][i] = kept - step;
                double below = objective(values, cap);
                values[which][i] = kept;
                assertThat(gradients[which][i]).isCloseTo((above - below) / (2 * step), within(1e-8));
            }
        }
    }

    private static LoopAttention of(double[][] values, double cap) {
        return new LoopAttention(
                values[0], values[1], values[2], values[3], 2, 1, 4, BOUNDS, 4, 0.7, cap, values[4], 0);
    }

    private static double objective(double[][] values, double cap) {
        double[] out = of(values, cap).out;
        double sum = 0;
        for (int i = 0; i < out.length; i++) {
            sum += out[i] * values[3][i];
        }
        return sum;
    }
}
