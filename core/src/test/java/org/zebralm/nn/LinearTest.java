package org.zebralm.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.kernel.Quantizer;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class LinearTest {
    private static final int OUT = 1100;
    private static final int IN = 1030;

    /// More rows than the small products take, more weights than one block has.
    @Test
    void quantizedWeightsAreMultipliedBlockByBlock() {
        Tensor dense = Tensors.normal(0.05, 1, OUT, IN);
        Tensor bias = Tensors.normal(1, 2, OUT);
        Tensor x = Tensors.normal(1, 3, 4, 5, IN);
        for (Weight weight : new Weight[] {Quantizer.int8(dense), Quantizer.int4(dense, 64)}) {
            try (var _ = Autograd.recording(false)) {
                Tensor y = new Linear(weight, bias).forward(x);
                assertThatTensor(y).hasShape(4, 5, OUT).isCloseTo(expected(x, weight, bias), 1e-4);
            }
        }
    }

    @Test
    void fewRowsAreMultipliedAsManyAre() {
        Weight weight = Quantizer.int4(Tensors.normal(0.05, 1, OUT, IN), 32);
        Tensor x = Tensors.normal(1, 3, 40, IN);
        var linear = new Linear(weight, null);
        try (var _ = Autograd.recording(false)) {
            Tensor many = linear.forward(x);
            assertThatTensor(linear.forward(x.narrow(0, 7, 3))).isCloseTo(many.narrow(0, 7, 3), 1e-4);
        }
    }

    @Test
    void historyIsRecordedByDenseWeightsAlone() {
        Tensor dense = Tensors.normal(0.05, 1, 8, 16);
        Tensor x = Tensors.normal(1, 2, 3, 16);
        Tensor leaf = dense.asLeaf();
        assertThat(new Linear(leaf).forward(x).requiresGrad()).isTrue();
        var quantized = new Linear(Quantizer.int8(dense), null);
        assertThatThrownBy(() -> quantized.forward(x))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("it is for inference");
        assertThatThrownBy(quantized::weight)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("cannot be trained");
    }

    @Test
    void trainingsProductIsLibtorchsForAnyNumberOfRows() {
        var linear = new Linear(Tensors.normal(0.05, 1, 40, 70), Tensors.normal(1, 4, 40));
        Tensor x = Tensors.normal(1, 2, 3, 70);
        try (var _ = Autograd.recording(false)) {
            float[] product = linear.product(x).toFloats();
            assertThat(product)
                    .isEqualTo(
                            Functional.linear(x, linear.weight(), linear.bias()).toFloats());
        }
    }

    /// A forgotten block would be 4 MB, of each of 60 products.
    @Test
    void nativeMemoryStaysLevel() {
        Weight weight = Quantizer.int4(Tensors.normal(0.05, 1, OUT, IN), 32);
        var linear = new Linear(weight, null);
        Tensor many = Tensors.normal(1, 3, 20, IN);
        try (var _ = Autograd.recording(false)) {
            multiply(linear, many, 15);
            long before = Pointer.physicalBytes();
            multiply(linear, many, 60);
            assertThat(Pointer.physicalBytes() - before).as("growth in bytes").isLessThan(100L << 20);
        }
    }

    private static void multiply(Linear linear, Tensor many, int times) {
        for (int i = 0; i < times; i++) {
            try (var _ = Scope.open()) {
                linear.forward(many);
                linear.forward(many.narrow(0, 0, 5));
            }
        }
    }

    private static double[] expected(Tensor x, Weight weight, Tensor bias) {
        double[] v = x.toDoubles();
        double[] w = weight.dense(DType.FLOAT32).toDoubles();
        double[] b = bias.toDoubles();
        double[] y = new double[v.length / IN * OUT];
        for (int row = 0; row < v.length / IN; row++) {
            for (int o = 0; o < OUT; o++) {
                double sum = b[o];
                for (int i = 0; i < IN; i++) {
                    sum += v[row * IN + i] * w[o * IN + i];
                }
                y[row * OUT + o] = sum;
            }
        }
        return y;
    }
}
