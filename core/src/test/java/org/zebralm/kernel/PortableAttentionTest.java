package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TensorAssert.assertThatTensor;
import static org.zebralm.testing.TinyModels.normal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.testing.ReferenceAttention;
import org.zebralm.testing.Scoped;

@ExtendWith(Scoped.class)
class PortableAttentionTest {
    private static final int WINDOW = 5;
    private static final int HEAD_DIM = 8;

    private final AttentionKernel kernel = new PortableAttention();

    /// A problem in float64, and the same numbers as tensors of some type.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Problem(int numHeads, int numKvHeads, int window, double[] q, double[] k, double[] v, int[] bounds) {
        static Problem of(int numHeads, int numKvHeads, int window, int... bounds) {
            int tokens = bounds[bounds.length - 1];
            return new Problem(
                    numHeads,
                    numKvHeads,
                    window,
                    normal(1, tokens * numHeads * HEAD_DIM),
                    normal(2, tokens * numKvHeads * HEAD_DIM),
                    normal(3, tokens * numKvHeads * HEAD_DIM),
                    bounds);
        }

        /// Rounds all numbers to a type, so that the oracle sees what the kernel sees.
        Problem rounded(DType dtype) {
            return new Problem(numHeads, numKvHeads, window, round(q, dtype), round(k, dtype), round(v, dtype), bounds);
        }

        int tokens() {
            return bounds[bounds.length - 1];
        }

        AttentionSpec spec() {
            return AttentionSpec.of(window == 0 ? Span.global() : new Span.Local(window), HEAD_DIM);
        }

        CumulativeLengths lengths() {
            return CumulativeLengths.of(bounds);
        }

        ReferenceAttention reference() {
            return new ReferenceAttention(numHeads, numKvHeads, HEAD_DIM, 1 / Math.sqrt(HEAD_DIM), window);
        }

        Tensor q(DType dtype) {
            return Tensors.of(q, tokens(), numHeads, HEAD_DIM).to(dtype);
        }

        Tensor k(DType dtype) {
            return Tensors.of(k, tokens(), numKvHeads, HEAD_DIM).to(dtype);
        }

        Tensor v(DType dtype) {
            return Tensors.of(v, tokens(), numKvHeads, HEAD_DIM).to(dtype);
        }
    }

    private static double[] round(double[] values, DType dtype) {
        return Tensors.of(values, values.length).to(dtype).toDoubles();
    }

    static Stream<Arguments> problems() {
        List<Arguments> problems = new ArrayList<>();
        for (int window : new int[] {0, 1, WINDOW}) {
            for (int[] heads : new int[][] {{1, 1}, {4, 4}, {6, 2}, {3, 1}}) {
                for (int length : new int[] {1, WINDOW - 1, WINDOW, WINDOW + 1, 2 * WINDOW, 3 * WINDOW + 5}) {
                    problems.add(Arguments.of(heads[0], heads[1], window, new int[] {0, length}));
                }
                problems.add(Arguments.of(heads[0], heads[1], window, new int[] {0, 3, 4, 15, 20}));
            }
        }
        // Longer than a block of queries, with a window on either side of the block's size.
        for (int window : new int[] {0, 7, 127, 128, 129, 200}) {
            problems.add(Arguments.of(2, 1, window, new int[] {0, 300}));
            problems.add(Arguments.of(2, 1, window, new int[] {0, 131, 290}));
        }
        return problems.stream();
    }

    @ParameterizedTest
    @MethodSource("problems")
    void forwardAndBackwardEqualPlainLoops(int numHeads, int numKvHeads, int window, int[] bounds) {
        Problem problem = Problem.of(numHeads, numKvHeads, window, bounds);
        checkAgainstLoops(problem, DType.FLOAT64, 1e-12);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16", "FLOAT16"})
    void lowerPrecisionsStayWithinTheirRounding(DType dtype) {
        double tolerance = switch (dtype) {
            case FLOAT32 -> 2e-5;
            case FLOAT16 -> 8e-3;
            default -> 4e-2; // bfloat16 keeps 8 bits
        };
        for (int window : new int[] {0, WINDOW, 130}) {
            checkAgainstLoops(Problem.of(6, 2, window, 0, 7, 150).rounded(dtype), dtype, tolerance);
        }
    }

    private void checkAgainstLoops(Problem problem, DType dtype, double tolerance) {
        double[] dOut = round(normal(4, problem.q.length), dtype);
        var expected = problem.reference().forward(problem.q, problem.k, problem.v, problem.bounds);
        var expectedGradients = problem.reference().backward(problem.q, problem.k, problem.v, dOut, problem.bounds);

        Tensor q = problem.q(dtype);
        Tensor k = problem.k(dtype);
        Tensor v = problem.v(dtype);
        var output = kernel.forward(problem.spec(), q, k, v, problem.lengths());
        var gradients = kernel.backward(
                problem.spec(),
                q,
                k,
                v,
                problem.lengths(),
                output,
                Tensors.of(dOut, q.shape()).to(dtype));

        assertThat(output.out_TNH().dtype()).isEqualTo(dtype);
        assertThat(gradients.dk_TKH().dtype()).isEqualTo(dtype);
        assertThatTensor(output.out_TNH()).hasShape(q.shape()).isCloseTo(expected.out(), tolerance);
        assertThatTensor(output.logSumExp_NT())
                .hasShape(problem.numHeads, problem.tokens())
                .isCloseTo(expected.logSumExp(), Math.min(tolerance, 1e-5));
        assertThatTensor(gradients.dq_TNH()).hasShape(q.shape()).isCloseTo(expectedGradients.dq(), tolerance);
        assertThatTensor(gradients.dk_TKH()).hasShape(k.shape()).isCloseTo(expectedGradients.dk(), tolerance);
        assertThatTensor(gradients.dv_TKH()).hasShape(v.shape()).isCloseTo(expectedGradients.dv(), tolerance);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, WINDOW})
    void gradientsEqualFiniteDifferences(int window) {
        Problem problem = Problem.of(4, 2, window, 0, 4, 13);
        double[] dOut = normal(4, problem.q.length);
        Tensor q = problem.q(DType.FLOAT64);
        var output = kernel.forward(
                problem.spec(), q, problem.k(DType.FLOAT64), problem.v(DType.FLOAT64), problem.lengths());
        var gradients = kernel.backward(
                problem.spec(),
                q,
                problem.k(DType.FLOAT64),
                problem.v(DType.FLOAT64),
                problem.lengths(),
                output,
                Tensors.of(dOut, q.shape()));
        assertThatTensor(gradients.dq_TNH()).isCloseTo(slopes(problem, problem.q, dOut), 1e-8);
        assertThatTensor(gradients.dk_TKH()).isCloseTo(slopes(problem, problem.k, dOut), 1e-8);
        assertThatTensor(gradients.dv_TKH()).isCloseTo(slopes(problem, problem.v, dOut), 1e-8);
    }

    /// Central differences of `sum(dOut * out)` with respect to `values`, an array of the problem's own.
    private double[] slopes(Problem problem, double[] values, double[] dOut) {
        double step = 1e-5;
        double[] slopes = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double value = values[i];
            values[i] = value + step;
            double above = dot(out(problem), dOut);
            values[i] = value - step;
            double below = dot(out(problem), dOut);
            values[i] = value;
            slopes[i] = (above - below) / (2 * step);
        }
        return slopes;
    }

    private double[] out(Problem problem) {
        return kernel.forward(
                        problem.spec(),
                        problem.q(DType.FLOAT64),
                        problem.k(DType.FLOAT64),
                        problem.v(DType.FLOAT64),
                        problem.lengths())
                .out_TNH()
                .toDoubles();
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, WINDOW})
    void queriesThatContinueASequenceSeeKeysInSeveralRanges(int window) {
        int length = 29;
        Problem problem = Problem.of(4, 2, window, 0, length);
        Tensor k = problem.k(DType.FLOAT64);
        Tensor v = problem.v(DType.FLOAT64);
        for (int position : new int[] {0, 1, 4, 5, 6, 17, 28}) {
            int queryWidth = problem.numHeads * HEAD_DIM;
            double[] lastQueries = Arrays.copyOfRange(problem.q, position * queryWidth, problem.q.length);
            var expected = problem.reference().forwardFrom(position, lastQueries, problem.k, problem.v);
            int reach = (int) problem.spec().span().firstVisible(position);
            for (int page : new int[] {1, 3, 29}) {
                // Pages from the first key in reach up to the chunk, then the chunk itself: a ring's halves look the
                // same.
                List<KeyRange> ranges = new ArrayList<>();
                for (int from = reach; from < position; from += page) {
                    ranges.add(range(k, v, from, Math.min(position, from + page)));
                }
                ranges.add(range(k, v, position, length));
                Tensor q = Tensors.of(lastQueries, length - position, problem.numHeads, HEAD_DIM);
                var output = kernel.forward(
                        problem.spec(), q, List.of(new Sequence(0, length - position, position, ranges)));
                assertThatTensor(output.out_TNH()).isCloseTo(expected.out(), 1e-12);
                assertThatTensor(output.logSumExp_NT()).isCloseTo(expected.logSumExp(), 1e-12);
            }
        }
    }

    private static KeyRange range(Tensor k, Tensor v, int from, int to) {
        return new KeyRange(k.narrow(0, from, to - from), v.narrow(0, from, to - from), from);
    }

    @Test
    void sequencesOfDifferentLengthsDecodeTogether() {
        Problem a = Problem.of(4, 2, WINDOW, 0, 9);
        Problem b = Problem.of(4, 2, WINDOW, 0, 3);
        Tensor q = Tensors.cat(
                List.of(a.q(DType.FLOAT64).narrow(0, 8, 1), b.q(DType.FLOAT64).narrow(0, 2, 1)), 0);
        var together = kernel.forward(
                a.spec(),
                q,
                List.of(
                        new Sequence(0, 1, 8, List.of(range(a.k(DType.FLOAT64), a.v(DType.FLOAT64), 4, 9))),
                        new Sequence(1, 1, 2, List.of(range(b.k(DType.FLOAT64), b.v(DType.FLOAT64), 0, 3)))));
        int width = a.numHeads * HEAD_DIM;
        double[] expected = new double[2 * width];
        System.arraycopy(a.reference().forward(a.q, a.k, a.v, a.bounds).out(), 8 * width, expected, 0, width);
        System.arraycopy(b.reference().forward(b.q, b.k, b.v, b.bounds).out(), 2 * width, expected, width, width);
        assertThatTensor(together.out_TNH()).isCloseTo(expected, 1e-12);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, WINDOW})
    void aKeyChangesExactlyTheQueriesThatSeeIt(int window) {
        int length = 16;
        int changed = 6;
        Problem problem = Problem.of(2, 1, window, 0, length);
        double[] before = out(problem);
        for (int h = 0; h < HEAD_DIM; h++) {
            problem.k[changed * HEAD_DIM + h] += 1;
            problem.v[changed * HEAD_DIM + h] -= 1;
        }
        double[] after = out(problem);
        int width = problem.numHeads * HEAD_DIM;
        for (int t = 0; t < length; t++) {
            boolean sees = t >= changed && (window == 0 || t - changed < window);
            boolean same = Arrays.equals(before, t * width, (t + 1) * width, after, t * width, (t + 1) * width);
            assertThat(same).as("query %s untouched by key %s", t, changed).isEqualTo(!sees);
        }
    }

    @Test
    void stridedViewsOfOneProjectionAreReadInPlace() {
        // q, k and v side by side in one row, as a fused projection leaves them.
        Problem problem = Problem.of(2, 2, WINDOW, 0, 12);
        Tensor fused =
                Tensors.cat(List.of(problem.q(DType.FLOAT64), problem.k(DType.FLOAT64), problem.v(DType.FLOAT64)), 1);
        var output = kernel.forward(
                problem.spec(), fused.narrow(1, 0, 2), fused.narrow(1, 2, 2), fused.narrow(1, 4, 2), problem.lengths());
        var expected = problem.reference().forward(problem.q, problem.k, problem.v, problem.bounds);
        assertThatTensor(output.out_TNH()).isCloseTo(expected.out(), 1e-12);
    }

    @Test
    void largeScoresDoNotOverflow() {
        Problem problem = Problem.of(2, 1, 0, 0, 9);
        for (int i = 0; i < problem.q.length; i++) {
            problem.q[i] = (float) (problem.q[i] * 3000);
        }
        checkAgainstLoops(problem.rounded(DType.FLOAT64), DType.FLOAT64, 1e-9);
    }

    /// With 128 heads a tile has 256 keys, so that later rows meet two and earlier rows of their block see
    /// nothing of the second.
    @ParameterizedTest
    @ValueSource(ints = {150, Integer.MAX_VALUE})
    void tilesOfKeysAddUpToTheWhole(int window) {
        assertThat(BlockSize.of(Tensors.empty(DType.FLOAT32, 400, 128, 2))).isEqualTo(new BlockSize(128, 256));
        var problem = AttentionCase.of(128, 64, 2, window, DType.FLOAT32, 0, 380, 400);
        problem.check(kernel, 2e-5, 1e-4);
        problem.withSinks().withSoftCap(1.5).check(kernel, 2e-5, 1e-4);
    }

    @Test
    void shortDocumentsShareABlockAndLongOnesDoNot() {
        Tensor k = Tensors.empty(DType.FLOAT32, 700, 1, 2);
        Stretch stretch = Stretch.packed(Span.global(), k, k, CumulativeLengths.of(0, 30, 60, 90, 500, 510, 700));
        List<String> blocks = stretch.blocks(128).stream()
                .map(block -> block.firstRow() + " + " + block.numRows() + ": " + block.from() + ".." + block.to())
                .toList();
        assertThat(blocks)
                .containsExactly(
                        "0 + 128: 0..128", // the three short ones and the start of the long one
                        "128 + 128: 90..256",
                        "256 + 128: 90..384",
                        "384 + 116: 90..500", // ends with its document: nobody after it sees those keys
                        "500 + 128: 500..628",
                        "628 + 72: 510..700");
    }

    @Test
    void neitherDirectionRecordsHistory() {
        Problem problem = Problem.of(2, 1, WINDOW, 0, 9);
        Tensor q = problem.q(DType.FLOAT64).asLeaf();
        Tensor k = problem.k(DType.FLOAT64).asLeaf();
        Tensor v = problem.v(DType.FLOAT64).asLeaf();
        try (var _ = Autograd.recording(true)) {
            var output = kernel.forward(problem.spec(), q, k, v, problem.lengths());
            var gradients = kernel.backward(problem.spec(), q, k, v, problem.lengths(), output, q.mul(2));
            assertThat(output.out_TNH().requiresGrad()).isFalse();
            assertThat(output.logSumExp_NT().requiresGrad()).isFalse();
            assertThat(gradients.dq_TNH().requiresGrad()).isFalse();
            assertThat(gradients.dk_TKH().requiresGrad()).isFalse();
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        Problem problem = Problem.of(4, 2, WINDOW, 0, 9);
        Tensor q = problem.q(DType.FLOAT32);
        Tensor k = problem.k(DType.FLOAT32);
        Tensor v = problem.v(DType.FLOAT32);
        AttentionSpec spec = problem.spec();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q, k, v, CumulativeLengths.of(0, 8)))
                .withMessageContaining("got float32[9, 4, 8], float32[9, 2, 8] and 8");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q.narrow(0, 0, 8), k, v, problem.lengths()))
                .withMessageContaining("got float32[8, 4, 8], float32[9, 2, 8] and 9");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q.narrow(1, 0, 3), k, v, problem.lengths()))
                .withMessageContaining("numHeads must be a multiple of numKvHeads");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q, k.to(DType.BFLOAT16), v, problem.lengths()))
                .withMessageContaining("v must be like k: got float32[9, 2, 8] and bfloat16[9, 2, 8]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q.to(DType.BFLOAT16), k, v, problem.lengths()))
                .withMessageContaining("q and k must have one headDim and dtype");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        kernel.forward(spec, q, k, problem.v(DType.FLOAT32).narrow(0, 0, 8), problem.lengths()))
                .withMessageContaining("float32[8, 2, 8] and float32[9, 2, 8]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(spec, q, k, Tensors.cat(List.of(v, v), 0), problem.lengths()))
                .withMessageContaining("float32[18, 2, 8] and float32[9, 2, 8]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.forward(
                        spec, q.narrow(0, 8, 1), List.of(new Sequence(0, 1, 8, List.of(range(k, v, 5, 9))))))
                .withMessageContaining("sees keys from 4 on: the first key given stands at 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Sequence(0, 1, 8, List.of(range(k, v, 0, 8))))
                .withMessageContaining("keys must end with the last query's own");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Sequence(0, 1, 8, List.of(range(k, v, 0, 4), range(k, v, 5, 9))))
                .withMessageContaining("without gaps");
        var output = kernel.forward(spec, q, k, v, problem.lengths());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kernel.backward(spec, q, k, v, problem.lengths(), output, q.to(DType.FLOAT64)))
                .withMessageContaining("dOut must be like q");
    }
}
