package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class PackedWeightTest {
    @ParameterizedTest
    @CsvSource({"64, 128, 1", "48, 96, 3", "80, 288, 8", "64, 128, 48"})
    void productsOfEightBitsAreThoseOfTheSameNumbers(int out, int in, int rows) {
        try (var lifetime = new Lifetime()) {
            Tensor dense = Tensors.normal(1, 5, out, in);
            dense.narrow(0, 3, 1).zeroInPlace(); // a row without a scale
            Int8Weight weight = Quantizer.int8(dense);
            assertThat(PackedInt8Weight.accepts(weight)).isTrue();
            requireSameProducts(PackedInt8Weight.of(weight, lifetime), rows);
        }
    }

    @Test
    void eightBitsThatLibtorchCannotMultiplyAreNotPacked() {
        Int8Weight weight = Quantizer.int8(Tensors.normal(1, 5, 32, 32));
        assertThat(PackedInt8Weight.accepts(weight)).isTrue();
        Tensor finer = weight.scales().mul(1.001f);
        assertThat(PackedInt8Weight.accepts(new Int8Weight(weight.numbers(), finer)))
                .isFalse();
        assertThat(PackedInt8Weight.accepts(
                        new Int8Weight(weight.numbers().transpose(0, 1), Tensors.full(1, DType.FLOAT32, 32))))
                .isFalse();
        for (int[] size : new int[][] {{8, 32}, {32, 48}}) {
            assertThat(PackedInt8Weight.accepts(Quantizer.int8(Tensors.normal(1, 5, size[0], size[1]))))
                    .isFalse();
        }
    }

    /// Plain loops in float64 over the numbers of our own format, whose meaning its own tests hold against its
    /// description.
    private static void requireSameProducts(PackedWeight packed, int rows) {
        int out = (int) packed.outputs();
        int in = (int) packed.inputs();
        Tensor x = Tensors.normal(1, 7, rows, in).to(DType.BFLOAT16);
        Tensor bias = Tensors.normal(1, 9, out).to(DType.BFLOAT16);
        double[] numbers = packed.original().dense(DType.FLOAT32).toDoubles();
        double[] inputs = x.toDoubles();
        double[] biases = bias.toDoubles();
        double[] products = packed.multiply(x, bias).toDoubles();
        assertThat(packed.multiply(x.reshape(1, rows, in), bias).shape()).containsExactly(1, rows, out);
        for (int row = 0; row < rows; row++) {
            for (int o = 0; o < out; o++) {
                double sum = 0;
                double size = 0;
                for (int i = 0; i < in; i++) {
                    double term = inputs[row * in + i] * numbers[o * in + i];
                    sum += term;
                    size += Math.abs(term);
                }
                // Two roundings to bfloat16, of the product and with the bias, and sums of any order.
                double allowed = (Math.abs(sum) + Math.abs(sum + biases[o])) / 256 + size / 512;
                assertThat(products[row * out + o]).isCloseTo(sum + biases[o], within(allowed));
            }
        }
    }
}
