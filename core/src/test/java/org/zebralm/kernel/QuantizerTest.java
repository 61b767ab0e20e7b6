package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class QuantizerTest {
    private static final int ROWS = 21;
    private static final int COLUMNS = 333;

    private final float[] values = StoredWeights.values(ROWS * COLUMNS, 1);

    private Tensor dense() {
        return Tensors.of(values, ROWS, COLUMNS);
    }

    @Test
    void int8ScalesAreTheLeastOfBfloat16ThatLeaveNoNumberBeyond127() {
        Tensor weight = dense();
        double[] values = weight.toDoubles();
        float[] scales = Quantizer.int8(weight).scales().toFloats();
        int width = values.length / scales.length;
        for (int row = 0; row < scales.length; row++) {
            double largest = 0;
            for (int i = 0; i < width; i++) {
                largest = Math.max(largest, Math.abs(values[row * width + i]));
            }
            int bits = Float.floatToRawIntBits(scales[row]);
            assertThat(bits & 0xffff).isZero();
            assertThat(scales[row] * 127.0).isGreaterThanOrEqualTo(largest * (1 - 1e-7));
            assertThat(Float.intBitsToFloat(bits - 0x10000) * 127.0).isLessThan(largest);
        }
    }

    @Test
    void int8IsOffByAtMostHalfAStepOfItsRow() {
        double[] rounded = StoredWeights.read(Quantizer.int8(dense()));
        for (int row = 0; row < ROWS; row++) {
            double largest = 0;
            for (int column = 0; column < COLUMNS; column++) {
                largest = Math.max(largest, Math.abs(values[row * COLUMNS + column]));
            }
            for (int i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
                assertThat(rounded[i]).isCloseTo(values[i], within(largest / 127 * 0.501 * (1 + 1 / 128.0)));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128})
    void int4LosesNoMoreThanRoundingToTheExtremeOfEachGroup(int group) {
        double[] rounded = StoredWeights.read(Quantizer.int4(dense(), group));
        for (int row = 0; row < ROWS; row++) {
            for (int from = row * COLUMNS; from < (row + 1) * COLUMNS; from += group) {
                int end = Math.min((row + 1) * COLUMNS, from + group);
                double plain = plainError(from, end);
                double error = 0;
                for (int i = from; i < end; i++) {
                    error += Math.pow(values[i] - rounded[i], 2);
                }
                // The plain scale is not rounded to bfloat16.
                assertThat(error).isLessThanOrEqualTo(plain * 1.02 + 1e-9);
            }
        }
    }

    /// Fifteen steps from the extreme, which is -8 of them, to +7.
    private double plainError(int from, int end) {
        double extreme = 0;
        for (int i = from; i < end; i++) {
            extreme = Math.abs(values[i]) > Math.abs(extreme) ? values[i] : extreme;
        }
        double scale = extreme / -8;
        double error = 0;
        for (int i = from; i < end; i++) {
            double number = Math.min(7, Math.max(-8, Math.rint(values[i] / scale)));
            error += Math.pow(values[i] - number * scale, 2);
        }
        return error;
    }

    /// A group of 32 normal numbers reaches 2.1 deviations: 16 steps of a quarter, uniform errors of 0.077.
    @ParameterizedTest
    @ValueSource(ints = {32, 64, 128})
    void int4OfNormalNumbersIsOffByATenth(int group) {
        double[] rounded = StoredWeights.read(Quantizer.int4(dense(), group));
        double error = 0;
        for (int i = 0; i < values.length; i++) {
            error += Math.pow(values[i] - rounded[i], 2);
        }
        assertThat(Math.sqrt(error / values.length)).isBetween(0.05, group == 32 ? 0.085 : group == 64 ? 0.095 : 0.11);
    }

    @Test
    void numbersThat4BitsCanSayComeBackAsTheyWere() {
        float[] exact = new float[3 * 64];
        for (int i = 0; i < exact.length; i++) {
            int row = i / 64;
            exact[i] = (i % 16 - 8) * (row == 2 ? -0.375f : 0.25f); // each group has its extreme, -8 steps
        }
        Weight weight = Quantizer.int4(Tensors.of(exact, 3, 64), 32);
        assertThat(weight.dense(DType.FLOAT32).toFloats()).isEqualTo(exact);
    }

    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void rowsComeBackAsTheFormatSays(StoredWeights kind) {
        Weight weight = kind.random(ROWS, COLUMNS, 2);
        double[] expected = StoredWeights.read(weight);
        double[] all = weight.dense(DType.FLOAT32).toDoubles();
        assertThat(weight.dense(DType.FLOAT64).size(1)).isEqualTo(COLUMNS);
        for (int i = 0; i < all.length; i++) {
            assertThat(all[i]).isEqualTo((double) (float) expected[i]);
        }
        double[] some = weight.rows(5, 9, DType.FLOAT32).toDoubles();
        double[] named = weight.rows(new long[] {20, 0, 7, 7}, DType.FLOAT32).toDoubles();
        for (int i = 0; i < COLUMNS; i++) {
            assertThat(some[8 * COLUMNS + i]).isEqualTo(all[13 * COLUMNS + i]);
            assertThat(named[i]).isEqualTo(all[20 * COLUMNS + i]);
            assertThat(named[3 * COLUMNS + i]).isEqualTo(all[7 * COLUMNS + i]);
        }
    }

    @Test
    void halfPrecisionRoundsAsTheSameNumbersInFloat32() {
        Tensor half = dense().to(DType.BFLOAT16);
        assertThat(StoredWeights.read(Quantizer.int4(half, 64)))
                .isEqualTo(StoredWeights.read(Quantizer.int4(half.to(DType.FLOAT32), 64)));
        assertThat(StoredWeights.read(Quantizer.int8(half)))
                .isEqualTo(StoredWeights.read(Quantizer.int8(half.to(DType.FLOAT32))));
    }

    @Test
    void zerosStayZero() {
        Tensor zeros = Tensors.zeros(DType.FLOAT32, 9, 200);
        assertThat(Quantizer.int4(zeros, 32).dense(DType.FLOAT32).toFloats()).containsOnly(0f);
        assertThat(Quantizer.int8(zeros).dense(DType.FLOAT32).toFloats()).containsOnly(0f);
    }

    @Test
    void refusesNumbersThatAreNotFinite() {
        float[] broken = values.clone();
        broken[1000] = Float.NaN;
        Tensor tensor = Tensors.of(broken, ROWS, COLUMNS);
        assertThatThrownBy(() -> Quantizer.int8(tensor)).hasMessageContaining("must be finite numbers: got NaN");
        assertThatThrownBy(() -> Quantizer.int4(tensor, 32)).hasMessageContaining("must be finite numbers: got NaN");
        assertThatThrownBy(() -> Quantizer.int4(dense(), 48))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("group must be 32, 64 or 128: got 48");
    }
}
