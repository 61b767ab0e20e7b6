package org.zebralm.kernel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What every kernel must do with packed documents, against plain loops.
class AttentionKernelTest {
    private static final CpuPool POOL = new CpuPool(3);
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<AttentionKernel> kernels() {
        return Stream.of(new VectorAttention(POOL), new PortableAttention());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void equalsPlainLoopsForRandomShapes(AttentionKernel kernel) {
        Random random = new Random(20260101);
        int cases = kernel instanceof VectorAttention ? 60 : 15;
        for (int i = 0; i < cases; i++) {
            try (var _ = Scope.open()) {
                AttentionCase.random(random, DType.FLOAT32).check(kernel, 2e-5, 1e-4);
            }
            try (var _ = Scope.open()) {
                AttentionCase.random(random, DType.BFLOAT16).check(kernel, 1e-2, 1e-2);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void windowsEndWhereTheyShould(AttentionKernel kernel) {
        int w = 65;
        for (int length : new int[] {w - 1, w, w + 1, 2 * w, 3 * w + 5}) {
            AttentionCase.of(2, 1, 16, w, DType.FLOAT32, 0, length).check(kernel, 2e-5, 1e-4);
        }
        AttentionCase.of(1, 1, 64, 1, DType.FLOAT32, 0, 100).check(kernel, 2e-5, 1e-4);
        AttentionCase.of(1, 1, 64, 1000, DType.FLOAT32, 0, 70).check(kernel, 2e-5, 1e-4);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aTokenAloneGetsItsOwnValue(AttentionKernel kernel) {
        AttentionCase.of(3, 1, 32, 7, DType.FLOAT32, 0, 1).check(kernel, 2e-5, 1e-4);
        AttentionCase.of(2, 2, 64, 7, DType.FLOAT32, 0, 1, 2, 3, 40, 41).check(kernel, 2e-5, 1e-4);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void boundsScoresAndSparesProbabilityForSinks(AttentionKernel kernel) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            double forward = dtype == DType.FLOAT32 ? 2e-5 : 1e-2;
            double backward = dtype == DType.FLOAT32 ? 1e-4 : 1e-2;
            for (int window : new int[] {65, Integer.MAX_VALUE}) {
                var plain = AttentionCase.of(6, 3, 64, window, dtype, 0, 33, 34, 230);
                plain.withSinks().check(kernel, forward, backward);
                plain.withSoftCap(0.5).check(kernel, forward, backward);
                plain.withSoftCap(50).check(kernel, forward, backward);
                plain.withSoftCap(2).withSinks().check(kernel, forward, backward);
            }
        }
    }

    /// The cap keeps scores of 1e4 at 30; where it does, nothing flows back to queries and keys.
    @ParameterizedTest
    @MethodSource("kernels")
    void aCapTamesExtremeScores(AttentionKernel kernel) {
        var problem = new AttentionCase(
                2, 1, 64, CumulativeLengths.single(150), 100, 1 / 8.0, DType.FLOAT32, 60, 5, 30, true);
        problem.check(kernel, 2e-3, 2e-3);
    }

    /// A sink far above every score takes all probability, one far below takes none.
    @ParameterizedTest
    @MethodSource("kernels")
    void extremeSinksStayFinite(AttentionKernel kernel) {
        var problem = AttentionCase.of(2, 2, 32, 40, DType.FLOAT32, 0, 100);
        for (float sink : new float[] {1e4f, -1e4f}) {
            AttentionSpec spec = problem.spec().withSinks(Tensors.of(new float[] {sink, sink}, 2));
            AttentionOutput output = kernel.forward(spec, problem.q(), problem.k(), problem.v(), problem.lengths());
            AttentionGradients gradients = kernel.backward(
                    spec, problem.q(), problem.k(), problem.v(), problem.lengths(), output, problem.dOut());
            double[] out = sink > 0 ? new double[100 * 64] : problem.expected().out;
            problem.close("out", output.out_TNH(), out, 2e-5);
            double[] dk = sink > 0 ? new double[100 * 64] : problem.expected().dk;
            problem.close("dk", gradients.dk_TKH(), dk, 1e-4);
            problem.close("dSinks", requireNonNull(gradients.dSinks_N()), new double[2], 1e-4);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void takesViewsOfAFusedProjection(AttentionKernel kernel) {
        var problem = AttentionCase.of(4, 2, 32, 50, DType.FLOAT32, 0, 33, 130);
        Tensor fused = Tensors.cat(List.of(problem.q(), problem.k(), problem.v(), problem.dOut()), 1);
        problem.check(
                kernel,
                fused.narrow(1, 0, 4),
                fused.narrow(1, 4, 2),
                fused.narrow(1, 6, 2),
                fused.narrow(1, 8, 4),
                2e-5,
                1e-4);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void takesViewsWhoseHeadsAreScatteredOrComeFirst(AttentionKernel kernel) {
        var problem = AttentionCase.of(4, 2, 48, 50, DType.BFLOAT16, 0, 33, 130);
        problem.check(
                kernel,
                scattered(problem.q()),
                headMajor(problem.k()),
                headMajor(problem.v()),
                scattered(problem.dOut()),
                1e-2,
                1e-2);
    }

    private static Tensor scattered(Tensor x) {
        return x.transpose(0, 2).contiguous().transpose(0, 2);
    }

    private static Tensor headMajor(Tensor x) {
        return x.transpose(0, 1).contiguous().transpose(0, 1);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void staysFiniteAndRightWithExtremeScores(AttentionKernel kernel) {
        double spread = 60; // scores with a deviation of 3600: the largest of these reach 1e4
        for (int window : new int[] {40, Integer.MAX_VALUE}) {
            var drawn = AttentionCase.of(2, 1, 64, window, DType.FLOAT32, 0, 200);
            var problem = new AttentionCase(2, 1, 64, drawn.lengths(), window, 1 / 8.0, DType.FLOAT32, spread, 5);
            LoopAttention expected = problem.expected();
            AttentionOutput output =
                    kernel.forward(problem.spec(), problem.q(), problem.k(), problem.v(), problem.lengths());
            double bound = 8 * Math.ulp(1f) * 1e4;
            problem.close("out", output.out_TNH(), expected.out, bound);
            AttentionGradients gradients = kernel.backward(
                    problem.spec(), problem.q(), problem.k(), problem.v(), problem.lengths(), output, problem.dOut());
            problem.close("dq", gradients.dq_TNH(), expected.dq, bound);
            problem.close("dk", gradients.dk_TKH(), expected.dk, bound);
            problem.close("dv", gradients.dv_TKH(), expected.dv, bound);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void computesFloat64InFloat64(AttentionKernel kernel) {
        AttentionCase.of(2, 1, 16, 20, DType.FLOAT64, 0, 10, 75).check(kernel, 1e-13, 1e-12);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void refusesWhatDoesNotFitAndNamesIt(AttentionKernel kernel) {
        var problem = AttentionCase.of(4, 2, 16, 8, DType.FLOAT32, 0, 10);
        Tensor q = problem.q();
        Tensor k = problem.k();
        AttentionOutput output = kernel.forward(problem.spec(), q, k, k, problem.lengths());
        assertThatThrownBy(() ->
                        kernel.forward(problem.spec(), q, q.narrow(1, 0, 3), q.narrow(1, 0, 3), problem.lengths()))
                .hasMessageContaining("multiple")
                .hasMessageContaining("[10, 4, 16]")
                .hasMessageContaining("[10, 3, 16]");
        assertThatThrownBy(() -> kernel.forward(
                        problem.spec(), q, k.to(DType.BFLOAT16), k.to(DType.BFLOAT16), problem.lengths()))
                .hasMessageContaining("dtype")
                .hasMessageContaining("bfloat16");
        assertThatThrownBy(() -> kernel.forward(problem.spec(), q, k, k, CumulativeLengths.single(9)))
                .hasMessageContaining("9")
                .hasMessageContaining("[10, 2, 16]");
        assertThatThrownBy(() -> kernel.forward(problem.spec(), q.narrow(0, 0, 9), k, k, problem.lengths()))
                .hasMessageContaining("10")
                .hasMessageContaining("9");
        assertThatThrownBy(() -> kernel.backward(problem.spec(), q, k, k, problem.lengths(), output, k))
                .hasMessageContaining("dOut")
                .hasMessageContaining("[10, 2, 16]")
                .hasMessageContaining("[10, 4, 16]");
        var stranger =
                new AttentionOutput(output.out_TNH(), output.logSumExp_NT().narrow(1, 0, 9));
        assertThatThrownBy(() -> kernel.backward(problem.spec(), q, k, k, problem.lengths(), stranger, q))
                .hasMessageContaining("[4, 9]");
        Tensor five = Tensors.zeros(DType.FLOAT32, 5);
        assertThatThrownBy(() -> kernel.forward(problem.spec().withSinks(five), q, k, k, problem.lengths()))
                .hasMessageContaining("sink")
                .hasMessageContaining("[5]")
                .hasMessageContaining("[10, 4, 16]");
        assertThatThrownBy(
                        () -> kernel.forward(problem.spec(), q, k.to(DType.INT8), k.to(DType.INT8), problem.lengths()))
                .hasMessageContaining("int8");
        assertThat(kernel.name()).isNotBlank();
    }
}
