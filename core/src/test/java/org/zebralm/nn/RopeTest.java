package org.zebralm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class RopeTest {
    private static final int HEAD_DIM = 8;

    @Test
    void rotatesTheHalvesOfEachHeadByItsPosition() {
        int[] positions = {0, 1, 5, 300};
        double[] x = TinyModels.normal(1, positions.length * 2 * HEAD_DIM);
        double[] expected = new double[x.length];
        int half = HEAD_DIM / 2;
        for (int row = 0; row < positions.length * 2; row++) {
            for (int i = 0; i < half; i++) {
                double angle = positions[row / 2] * Math.pow(500.0, -2.0 * i / HEAD_DIM);
                double a = x[row * HEAD_DIM + i];
                double b = x[row * HEAD_DIM + half + i];
                expected[row * HEAD_DIM + i] = a * Math.cos(angle) - b * Math.sin(angle);
                expected[row * HEAD_DIM + half + i] = b * Math.cos(angle) + a * Math.sin(angle);
            }
        }
        var rotated = Rope.of(HEAD_DIM, 500).at(positions).apply(Tensors.of(x, positions.length, 2, HEAD_DIM));
        // Frequencies are float32: at position 300 an angle is off by up to 300 * 2^-24.
        assertThatTensor(rotated).isCloseTo(expected, 1e-4);
        assertThat(rotated.dtype()).isEqualTo(DType.FLOAT64);
    }

    @Test
    void farPositionsHaveTheAnglesOfFloat32() {
        float frequency = 1 / (float) Math.pow(10_000, 2.0f / HEAD_DIM);
        float angle = 100_001 * frequency;
        float cos = Rope.of(HEAD_DIM, 10_000).at(100_001).cos_T1h().toFloats()[1];
        assertThat(cos).isEqualTo((float) Math.cos(angle));
    }

    @Test
    void anOddHeadIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Rope.of(7, 10_000))
                .withMessageContaining("got 7");
    }
}
