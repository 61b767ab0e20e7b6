package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.testing.TensorAssert.assertThatTensor;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.Scoped;

/// The row kernels against libtorch in float64, gradients by its automatic ones.
@ExtendWith(Scoped.class)
class RowKernelsTest {
    private static final double EPS = 1e-5;
    private final RowKernels kernels = new RowKernels(new CpuPool(3));

    @ParameterizedTest
    @CsvSource({"1,1", "1,16", "7,40", "65,64", "300,768", "33,1030", "9,2560", "130,17"})
    void rmsNorm(int rows, int width) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            Tensor x = normal(1, dtype, rows, width);
            Tensor weight = normal(2, dtype, width);
            Tensor dy = normal(3, dtype, rows, width);
            Tensor dx = normal(4, dtype, rows, width);
            Tensor residual = dx.to(DType.FLOAT64);
            Tensor dWeight = Tensors.full(0.5, DType.FLOAT32, width);

            Tensor xLeaf = leaf(x);
            Tensor weightLeaf = leaf(weight);
            Tensor y = recorded(() -> Functional.rmsNorm(xLeaf, weightLeaf, EPS));
            Autograd.backward(List.of(y), List.of(dy.to(DType.FLOAT64)));

            assertClose(kernels.rmsNorm(x, weight, EPS), y.detach());
            kernels.addRmsNormGradients(x, weight, EPS, dy, dx, dWeight);
            assertClose(dx, residual.add(gradient(xLeaf)));
            // A sum over all rows: its error is held against its largest element.
            assertClose(dWeight, gradient(weightLeaf).add(0.5));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,2", "5,3,64", "70,12,64", "33,2,40", "9,5,128", "3,70,10"})
    void rotation(int tokens, int heads, int width) {
        int[] positions = new int[tokens];
        Arrays.setAll(positions, t -> (t * 7919) % 1000);
        Rope.Rotation rotation = Rope.of(width, 10_000).at(positions);
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            // A stride wider than the heads, as of projections that share one matrix.
            Tensor x = normal(1, dtype, tokens, heads + 1, width).narrow(1, 1, heads);
            Tensor expected = rotation.apply(x.to(DType.FLOAT64));
            Tensor turned = x.contiguous().copy();
            kernels.rotate(turned, rotation.cos_T1h(), rotation.sin_T1h(), false);
            assertClose(turned, expected);
            kernels.rotate(x, rotation.cos_T1h(), rotation.sin_T1h(), false);
            assertThatTensor(x.contiguous()).isCloseTo(turned, 0);

            // The gradient of a rotation is the rotation back.
            Tensor leaf = leaf(normal(2, dtype, tokens, heads, width));
            Tensor dy = normal(3, dtype, tokens, heads, width);
            Tensor y = recorded(() -> rotation.apply(leaf));
            Autograd.backward(List.of(y), List.of(dy.to(DType.FLOAT64)));
            kernels.rotate(dy, rotation.cos_T1h(), rotation.sin_T1h(), true);
            assertClose(dy, gradient(leaf));
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1", "3,16", "65,40", "40,2560", "2,1030"})
    void swiglu(int rows, int width) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            Tensor gate = normal(1, dtype, rows, width).mul(4);
            Tensor up = normal(2, dtype, rows, width);
            Tensor dy = normal(3, dtype, rows, width);
            Tensor gateLeaf = leaf(gate);
            Tensor upLeaf = leaf(up);
            Tensor y = recorded(() -> Functional.silu(gateLeaf).mul(upLeaf));
            Autograd.backward(List.of(y), List.of(dy.to(DType.FLOAT64)));

            assertClose(kernels.swiglu(gate, up), y.detach());
            kernels.swigluGradients(gate, up, dy);
            assertClose(gate, gradient(gateLeaf));
            assertClose(up, gradient(upLeaf));
            assertClose(dy, y.detach());
        }
    }

    @Test
    void extremeGatesStayFinite() {
        float[] gates = {-1e30f, -1e4f, -200, -90, 0, 90, 200, 1e4f, 1e18f};
        Tensor gate = Tensors.of(gates, 1, gates.length);
        Tensor up = Tensors.full(1, DType.FLOAT32, 1, gates.length);
        assertThatTensor(kernels.swiglu(gate, up)).isCloseTo(new double[] {0, 0, 0, 0, 0, 90, 200, 1e4, 1e18}, 1e-6);
        Tensor dy = Tensors.full(1, DType.FLOAT32, 1, gates.length);
        kernels.swigluGradients(gate, up, dy);
        assertThatTensor(gate).isCloseTo(new double[] {0, 0, 0, 0, 0.5, 1, 1, 1, 1}, 1e-6);
    }

    @ParameterizedTest
    @CsvSource({"1,2", "5,100", "40,1000", "3,32000", "64,17"})
    void crossEntropy(int rows, int vocabulary) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (double zLoss : new double[] {0, 1e-2}) {
                Tensor logits = normal(1, dtype, rows, vocabulary).mul(5);
                int[] targets = new int[rows];
                Arrays.setAll(targets, t -> t % 4 == 3 ? Functional.IGNORED : (t * 7919) % vocabulary);
                double factor = 0.25;

                Tensor leaf = leaf(logits);
                double[] sums = new double[2];
                Tensor loss = recorded(() -> {
                    Tensor cross = Functional.crossEntropySum(leaf, Tensors.ofIds(targets));
                    double[] counted = new double[rows];
                    Arrays.setAll(counted, t -> targets[t] < 0 ? 0 : zLoss);
                    Tensor logSum = Functional.logSumExp(leaf, 1, false);
                    sums[0] = cross.item();
                    return cross.add(
                            logSum.mul(logSum).mul(Tensors.of(counted, rows)).sum());
                });
                Autograd.backward(List.of(loss), List.of(Tensors.full(factor, DType.FLOAT64)));

                double sum = kernels.crossEntropy(logits, targets, factor, zLoss);
                assertThat(sum).isCloseTo(sums[0], within(1e-5 * Math.max(1, Math.abs(sums[0]))));
                assertClose(logits, gradient(leaf));
            }
        }
    }

    @Test
    void extremeLogitsStayFinite() {
        Tensor logits = Tensors.of(new float[] {1e4f, -1e4f, 0, 1e4f}, 1, 4);
        double loss = kernels.crossEntropy(logits, new int[] {1}, 1, 0);
        assertThat(loss).isCloseTo(2e4 + Math.log(2), within(1e-2));
        assertThatTensor(logits).isCloseTo(new double[] {0.5, -1, 0, 0.5}, 1e-5);
    }

    @Test
    void theNumberOfThreadsDoesNotMatter() {
        Tensor x = normal(1, DType.FLOAT32, 700, 96);
        Tensor weight = normal(2, DType.FLOAT32, 96);
        Tensor dy = normal(3, DType.FLOAT32, 700, 96);
        Tensor one = Tensors.zeros(DType.FLOAT32, 96);
        Tensor three = Tensors.zeros(DType.FLOAT32, 96);
        new RowKernels(new CpuPool(1))
                .addRmsNormGradients(x, weight, EPS, dy, Tensors.zeros(DType.FLOAT32, 700, 96), one);
        kernels.addRmsNormGradients(x, weight, EPS, dy, Tensors.zeros(DType.FLOAT32, 700, 96), three);
        assertThatTensor(three).isCloseTo(one, 0);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Tensor x = normal(1, DType.FLOAT32, 4, 8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.rmsNorm(x, normal(1, DType.FLOAT32, 7), EPS))
                .withMessageContaining("weight must be [8]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.swiglu(x, x.to(DType.BFLOAT16)))
                .withMessageContaining("up");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.swigluGradients(
                        x, x.copy(), normal(1, DType.FLOAT32, 8, 4).transpose(0, 1)))
                .withMessageContaining("in one piece");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.crossEntropy(x, new int[] {1, 2, 3}, 1, 0))
                .withMessageContaining("got 3");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.crossEntropy(x, new int[] {1, 2, 3, 8}, 1, 0))
                .withMessageContaining("got 8");
        Rope.Rotation rotation = Rope.of(8, 10_000).at(0, 1, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernels.rotate(x.unsqueeze(1), rotation.cos_T1h(), rotation.sin_T1h(), false))
                .withMessageContaining("[T, 1, H / 2]");
    }

    private static Tensor normal(long seed, DType dtype, long... shape) {
        return Tensors.normal(1, seed, shape).to(dtype);
    }

    private static Tensor leaf(Tensor x) {
        return x.to(DType.FLOAT64).asLeaf();
    }

    private static Tensor gradient(Tensor leaf) {
        return Objects.requireNonNull(leaf.grad());
    }

    private static Tensor recorded(java.util.function.Supplier<Tensor> work) {
        try (var _ = Autograd.recording(true)) {
            return work.get();
        }
    }

    /// The error is held against the largest element.
    private static void assertClose(Tensor actual, Tensor expected) {
        double[] a = actual.toDoubles();
        double[] b = expected.toDoubles();
        double largest = Arrays.stream(b).map(Math::abs).max().orElseThrow();
        double error = 0;
        for (int i = 0; i < a.length; i++) {
            error = Math.max(error, Math.abs(a[i] - b[i]));
        }
        assertThat(actual.shape()).isEqualTo(expected.shape());
        assertThat(error / largest).isLessThanOrEqualTo(actual.dtype() == DType.BFLOAT16 ? 5e-3 : 5e-6);
    }
}
