package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

class LanesTest {
    /// In the same order before the JIT has compiled the sum and after.
    @Test
    void lanesAreSummedByHalves() {
        var random = new Random(1);
        for (int i = 0; i < 30_000; i++) {
            float[] lanes = new float[Lanes.COUNT];
            for (int lane = 0; lane < lanes.length; lane++) {
                lanes[lane] = (float) random.nextGaussian();
            }
            float expected = byHalves(lanes);
            float sum = Lanes.sum(FloatVector.fromArray(Lanes.FLOATS, lanes, 0));
            if (sum != expected) {
                assertThat(sum).as("after " + i).isEqualTo(expected);
            }
        }
    }

    private static float byHalves(float... lanes) {
        float[] sums = lanes.clone();
        for (int half = sums.length / 2; half > 0; half /= 2) {
            for (int i = 0; i < half; i++) {
                sums[i] += sums[i + half];
            }
        }
        return sums[0];
    }
}
