package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

/// Against plain loops in float64 over weights that [StoredWeights] reads from their tensors.
@ExtendWith(Scoped.class)
class SmallProductsTest {
    /// Outputs and inputs: tails of every loop, panels with and without a partner, several pieces and blocks.
    private static final int[][] SIZES = {
        {1, 1},
        {3, 7},
        {7, 16},
        {8, 31},
        {9, 33},
        {16, 64},
        {17, 100},
        {24, 128},
        {5, 130},
        {49, 300},
        {25, 129},
        {13, 255},
        {40, 256},
        {8, 384},
        {11, 500},
        {8, 512},
        {19, 513},
        {33, 1024},
        {16, 1040},
        {10, 1536},
        {9, 2047},
        {70, 2300},
    };

    /// Up to 2,300 products of numbers near one are added, each sum rounded to float32.
    private static final double TOLERANCE = 1e-4;

    /// A result is rounded to bfloat16 once, by at most 2^-8 of itself.
    private static final double HALF_TOLERANCE = 0.004;

    private final SmallProducts products = SmallProducts.forThisMachine().orElseThrow();

    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void equalPlainLoopsAtEverySize(StoredWeights kind) {
        for (int[] size : SIZES) {
            Weight weight = kind.random(size[0], size[1], size[0]);
            int rows = 1 + size[1] % 5;
            Tensor x = Tensors.of(StoredWeights.values(rows * size[1], 7), rows, size[1]);
            assertThatTensor(products.multiply(x, weight, null)).isCloseTo(expected(x, weight, null), TOLERANCE);
            Tensor one = x.narrow(0, 0, 1);
            assertThatTensor(products.multiply(one, weight, null, true))
                    .isCloseTo(expected(one, weight, null), TOLERANCE);
        }
    }

    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void equalPlainLoopsForEveryNumberOfRows(StoredWeights kind) {
        Weight weight = kind.random(21, 700, 3);
        Tensor bias = Tensors.of(StoredWeights.values(21, 4), 21);
        for (int rows = 1; rows <= SmallProducts.MAX_ROWS; rows++) {
            Tensor x = Tensors.of(StoredWeights.values(rows * 700, rows), rows, 700);
            assertThatTensor(products.multiply(x, weight, bias)).isCloseTo(expected(x, weight, bias), TOLERANCE);
            assertThatTensor(products.multiply(x, weight, bias, true)).isCloseTo(expected(x, weight, bias), TOLERANCE);
            Tensor half = x.to(DType.BFLOAT16);
            Tensor y = products.multiply(half, weight, bias.to(DType.BFLOAT16));
            assertThat(y.dtype()).isEqualTo(DType.BFLOAT16);
            assertThatTensor(y).isCloseTo(expected(half, weight, bias.to(DType.BFLOAT16)), HALF_TOLERANCE);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"INT4_32", "INT4_64", "INT4_128"})
    void theFastestOfFourBitsTakeMoreRows(StoredWeights kind) {
        Weight weight = kind.random(40, 260, 3);
        for (int rows : new int[] {17, 21, 32, 47, SmallProducts.MAX_INT4_ROWS}) {
            Tensor x = Tensors.of(StoredWeights.values(rows * 260, rows), rows, 260);
            assertThat(products.accepts(x, weight)).isFalse();
            assertThat(products.accepts(x, weight, true)).isTrue();
            assertThatTensor(products.multiply(x, weight, null, true)).isCloseTo(expected(x, weight, null), TOLERANCE);
        }
        assertThat(products.accepts(Tensors.zeros(DType.FLOAT32, 49, 260), weight, true))
                .isFalse();
        assertThat(products.accepts(Tensors.zeros(DType.FLOAT32, 17, 260), StoredWeights.INT8.random(9, 260, 1), true))
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void aRowHasTheSameBitsAloneAndAmongOthers(StoredWeights kind) {
        int[][] sizes = {{35, 1100}, {8, 512}, {64, 256}, {9, 70}};
        for (int[] size : sizes) {
            Weight weight = kind.random(size[0], size[1], 5);
            Tensor all = Tensors.of(StoredWeights.values(16 * size[1], 9), 16, size[1]);
            float[][] alone = new float[16][];
            for (int row = 0; row < 16; row++) {
                alone[row] =
                        products.multiply(all.narrow(0, row, 1), weight, null).toFloats();
            }
            for (int rows = 2; rows <= 16; rows++) {
                for (int first : new int[] {0, (16 - rows) / 2, 16 - rows}) {
                    float[] y = products.multiply(all.narrow(0, first, rows), weight, null)
                            .toFloats();
                    for (int row = 0; row < rows; row++) {
                        assertThat(Arrays.copyOfRange(y, row * size[0], (row + 1) * size[0]))
                                .as("row %d of %d, %s", row, rows, Arrays.toString(size))
                                .isEqualTo(alone[first + row]);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void hasTheSameBitsBeforeAndAfterCompilation(StoredWeights kind) {
        Weight weight = kind.random(24, 1056, 5);
        Tensor x = Tensors.of(StoredWeights.values(5 * 1056, 9), 5, 1056);
        Tensor one = x.narrow(0, 3, 1);
        float[] first = products.multiply(x, weight, null).toFloats();
        float[] firstAlone = products.multiply(one, weight, null).toFloats();
        float[] fastest = products.multiply(one, weight, null, true).toFloats();
        for (int i = 0; i < 300; i++) { // several thousand calls of each kernel: beyond the compilers' thresholds
            assertThat(products.multiply(x, weight, null).toFloats()).isEqualTo(first);
            assertThat(products.multiply(one, weight, null).toFloats()).isEqualTo(firstAlone);
            assertThat(products.multiply(one, weight, null, true).toFloats()).isEqualTo(fastest);
        }
    }

    /// Shares of one, two and many eights, the last of them whole or not.
    @ParameterizedTest
    @EnumSource(StoredWeights.class)
    void oneRowThatReadsTwoStreamsHasTheBitsOfRowsTogether(StoredWeights kind) {
        for (int outputs : new int[] {16, 23, 24, 25, 100, 104}) {
            for (int inputs : new int[] {70, 128, 1100}) {
                Weight weight = kind.random(outputs, inputs, outputs);
                Tensor x = Tensors.of(StoredWeights.values(4 * inputs, 8), 4, inputs);
                Tensor together = products.multiply(x, weight, null);
                for (int row = 0; row < 4; row++) {
                    Tensor alone = products.multiply(x.narrow(0, row, 1), weight, null);
                    assertThatTensor(alone).isCloseTo(expected(x.narrow(0, row, 1), weight, null), TOLERANCE);
                    assertThat(alone.toDoubles())
                            .isEqualTo(together.narrow(0, row, 1).toDoubles());
                }
            }
        }
    }

    @Test
    void aRowsResultDoesNotDependOnTheNumberOfThreads() {
        var alone = new SmallProducts(new CpuPool(1));
        var three = new SmallProducts(new CpuPool(3));
        for (StoredWeights kind : StoredWeights.values()) {
            Weight weight = kind.random(600, 640, 5);
            Tensor x = Tensors.of(StoredWeights.values(3 * 640, 9), 3, 640);
            assertThat(three.multiply(x, weight, null).toFloats())
                    .isEqualTo(alone.multiply(x, weight, null).toFloats());
        }
    }

    @Test
    void weightsAndInputsMayBeViewsWithGapsAndAnyLeadingAxes() {
        Tensor wide = Tensors.of(StoredWeights.values(40 * 100, 1), 40, 100);
        Weight weight = new DenseWeight(wide.narrow(1, 10, 64).narrow(0, 3, 30));
        Tensor x = Tensors.of(StoredWeights.values(2 * 2 * 80, 2), 2, 2, 80).narrow(2, 5, 64);
        Tensor y = products.multiply(x, weight, null);
        assertThatTensor(y).hasShape(2, 2, 30).isCloseTo(expected(x.reshape(4, 64), weight, null), TOLERANCE);
    }

    @Test
    void refusesWhatItCannotMultiply() {
        Weight weight = StoredWeights.INT4_32.random(8, 64, 1);
        assertThatThrownBy(() -> products.multiply(Tensors.zeros(DType.FLOAT32, 17, 64), weight, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1 to 16 rows of 64 inputs");
        assertThatThrownBy(() -> products.multiply(Tensors.zeros(DType.FLOAT32, 2, 63), weight, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("float32[2, 63]");
        assertThatThrownBy(() ->
                        products.multiply(Tensors.zeros(DType.FLOAT32, 2, 64), weight, Tensors.zeros(DType.FLOAT32, 9)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a bias must be [8]");
    }

    @Test
    void randomShapesEqualPlainLoops() {
        Random random = new Random(20);
        List<StoredWeights> kinds = List.of(StoredWeights.values());
        for (int i = 0; i < 60; i++) {
            StoredWeights kind = kinds.get(random.nextInt(kinds.size()));
            int outputs = 1 + random.nextInt(40);
            int inputs = 1 + random.nextInt(1200);
            int rows = 1 + random.nextInt(16);
            Weight weight = kind.random(outputs, inputs, i);
            Tensor x = Tensors.of(StoredWeights.values(rows * inputs, i), rows, inputs);
            assertThatTensor(products.multiply(x, weight, null)).isCloseTo(expected(x, weight, null), TOLERANCE);
        }
    }

    static double[] expected(Tensor x, Weight weight, @Nullable Tensor bias) {
        double[] w = StoredWeights.read(weight);
        double[] v = x.toDoubles();
        double[] b = bias == null ? new double[(int) weight.outputs()] : bias.toDoubles();
        int in = (int) weight.inputs();
        int out = (int) weight.outputs();
        double[] y = new double[v.length / in * out];
        for (int row = 0; row < v.length / in; row++) {
            for (int o = 0; o < out; o++) {
                double sum = b[o];
                for (int i = 0; i < in; i++) {
                    sum += v[row * in + i] * w[o * in + i];
                }
                y[row * out + o] = sum;
            }
        }
        return y;
    }
}
