package org.zebralm.tensor;

import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class PackedProductsTest {
    private static final int OUT = 32;
    private static final int IN = 64;

    @Test
    void multipliesWhatItsArgumentsMean() {
        Random random = new Random(1);
        long[] numbers = random.longs((long) OUT * IN, 0, 16).toArray();
        Tensor x = Tensors.normal(1, 2, 3, IN).to(DType.BFLOAT16);
        double[] v = x.toDoubles();
        double[] int8 = new double[3 * OUT];
        for (int row = 0; row < 3; row++) {
            for (int o = 0; o < OUT; o++) {
                for (int i = 0; i < IN; i++) {
                    double number = numbers[o * IN + i] - 8;
                    int8[row * OUT + o] += v[row * IN + i] * number * 0.125;
                }
            }
        }
        Tensor stored = Tensors.of(numbers, OUT, IN);
        // Sums of a few tens, rounded to bfloat16.
        assertThatTensor(
                        PackedProducts.int8(x, stored.add(-8).to(DType.INT8), Tensors.full(0.125, DType.BFLOAT16, OUT)))
                .isCloseTo(int8, 0.02);
    }
}
