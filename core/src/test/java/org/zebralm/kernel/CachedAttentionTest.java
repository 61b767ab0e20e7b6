package org.zebralm.kernel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Chunks against cached keys, in pages and ring halves, equal the whole sequence.
class CachedAttentionTest {
    private static final CpuPool POOL = new CpuPool(3);

    static Stream<AttentionKernel> kernels() {
        return Stream.of(new VectorAttention(POOL), new PortableAttention());
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void chunksOfAnySizeEqualTheWhole(AttentionKernel kernel) {
        Random random = new Random(7);
        for (int[] heads : new int[][] {{2, 2}, {6, 2}, {9, 1}}) {
            for (int window : new int[] {1, 70, Integer.MAX_VALUE}) {
                for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
                    try (var _ = Scope.open()) {
                        // Decode reads rows of 64 where they lie, and of 48 in bfloat16 after padding them.
                        int width = window == 70 ? 48 : 64;
                        var problem = AttentionCase.of(heads[0], heads[1], width, window, dtype, 0, 300);
                        Chunks.check(kernel, problem, random, 1, 1, 2, 4, 5, 33, 64, 100, 1, 89);
                        var special = problem.withSinks().withSoftCap(0.8);
                        Chunks.check(kernel, special, random, 1, 1, 3, 95, 100, 2, 1, 97);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void oneCallServesPrefillAndDecodeOfManySequences(AttentionKernel kernel) {
        Random random = new Random(8);
        try (var _ = Scope.open()) {
            int[][] shares = {{0, 5}, {20, 1}, {199, 1}, {100, 100}, {3, 4}, {0, 1}, {150, 17}};
            List<Sequence> sequences = new ArrayList<>();
            List<Tensor> queries = new ArrayList<>();
            List<double[]> expected = new ArrayList<>();
            var any = AttentionCase.of(4, 2, 64, 60, DType.FLOAT32, 0, 200);
            int row = 0;
            for (int i = 0; i < shares.length; i++) {
                var problem = new AttentionCase(4, 2, 64, any.lengths(), 60, any.scale(), DType.FLOAT32, 1, i);
                sequences.add(Chunks.chunk(problem, row, shares[i][0], shares[i][1], random));
                queries.add(problem.q().narrow(0, shares[i][0], shares[i][1]));
                expected.add(Arrays.copyOfRange(
                        problem.expected().out, shares[i][0] * 256, (shares[i][0] + shares[i][1]) * 256));
                row += shares[i][1];
            }
            AttentionOutput output = kernel.forward(any.spec(), Tensors.cat(queries, 0), sequences);
            for (int i = 0; i < shares.length; i++) {
                Tensor rows = output.out_TNH().narrow(0, sequences.get(i).firstRow(), shares[i][1]);
                any.close("sequence " + i, rows, expected.get(i), 2e-5);
            }
        }
    }

    @Test
    void oneLongSequenceIsSplitByKeys() {
        var kernel = new VectorAttention(POOL);
        for (int window : new int[] {2500, Integer.MAX_VALUE}) {
            try (var _ = Scope.open()) {
                // 4 query heads on 1: two rows are a decode step, 20 rows fold into two blocks; both are split
                // among three threads
                var problem = AttentionCase.of(4, 1, 16, window, DType.FLOAT32, 0, 5000);
                LoopAttention expected = problem.expected(4980);
                for (int rows : new int[] {1, 2, 20}) {
                    Tensor q = problem.q().narrow(0, 5000 - rows, rows);
                    Sequence sequence = Chunks.chunk(problem, 0, 5000 - rows, rows, new Random(1));
                    AttentionOutput output = kernel.forward(problem.spec(), q, List.of(sequence));
                    double[] out = Arrays.copyOfRange(expected.out, (5000 - rows) * 64, 5000 * 64);
                    problem.close("out", output.out_TNH(), out, 2e-5);
                    double[] lse = new double[4 * rows];
                    for (int i = 0; i < lse.length; i++) {
                        lse[i] = expected.logSumExp[i / rows * 5000 + 5000 - rows + i % rows];
                    }
                    problem.close("logSumExp", output.logSumExp_NT(), lse, 2e-5);
                }
            }
        }
    }

    /// One query a head reads its keys where they lie, in strips over many pages and in pieces for all threads.
    @ParameterizedTest
    @MethodSource("kernels")
    void decodesManyPagesOfEveryLayout(AttentionKernel kernel) {
        Random random = new Random(9);
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (int[] shape : new int[][] {{2, 2, 64}, {1, 1, 128}, {3, 3, 32}, {2, 1, 192}, {3, 1, 256}}) {
                for (boolean headMajor : new boolean[] {false, true}) {
                    try (var _ = Scope.open()) {
                        var problem = AttentionCase.of(shape[0], shape[1], shape[2], Integer.MAX_VALUE, dtype, 0, 2700)
                                .withSinks();
                        double[] expected = Arrays.copyOfRange(
                                problem.expected(2699).out, 2699 * shape[0] * shape[2], 2700 * shape[0] * shape[2]);
                        List<KeyRange> pages = pages(problem.k(), problem.v(), headMajor, random);
                        Tensor q = problem.q().narrow(0, 2699, 1);
                        Tensor out = kernel.forward(problem.spec(), q, List.of(new Sequence(0, 1, 2699, pages)))
                                .out_TNH();
                        problem.close("decode", out, expected, dtype == DType.FLOAT32 ? 2e-5 : 1e-2);
                    }
                }
            }
        }
    }

    private static List<KeyRange> pages(Tensor k, Tensor v, boolean headMajor, Random random) {
        List<KeyRange> pages = new ArrayList<>();
        for (int from = 0; from < k.size(0); ) {
            int size = (int) Math.min(k.size(0) - from, random.nextInt(4) == 0 ? 1 + random.nextInt(9) : 256);
            Tensor keys = k.narrow(0, from, size);
            Tensor values = v.narrow(0, from, size);
            pages.add(new KeyRange(page(keys, headMajor), page(values, headMajor), from));
            from += size;
        }
        return pages;
    }

    private static Tensor page(Tensor x_SKH, boolean headMajor) {
        return headMajor ? x_SKH.transpose(0, 1).copy().transpose(0, 1) : x_SKH.copy();
    }

    /// The expected values come from the very numbers that the int8 elements stand for.
    @ParameterizedTest
    @MethodSource("kernels")
    void readsInt8PagesBesideFreshKeys(AttentionKernel kernel) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (int[] shape : new int[][] {{2, 2, 64}, {2, 2, 80}, {4, 1, 128}, {1, 1, 16}}) {
                for (int rows : new int[] {1, 2, 30}) {
                    try (var _ = Scope.open()) {
                        var problem = AttentionCase.of(shape[0], shape[1], shape[2], 600, dtype, 0, 900);
                        int start = 900 - rows;
                        List<KeyRange> ranges = new ArrayList<>();
                        List<Tensor> k = new ArrayList<>();
                        List<Tensor> v = new ArrayList<>();
                        for (int from = 0; from < 900; from += 256) {
                            int size = Math.min(256, start - from);
                            KeyRange page = KeyRange.quantize(
                                    problem.k().narrow(0, from, size),
                                    problem.v().narrow(0, from, size),
                                    from);
                            ranges.add(page);
                            k.add(page.k_SKH()
                                    .to(DType.FLOAT32)
                                    .mul(requireNonNull(page.scales()).k_SK().unsqueeze(2)));
                            v.add(page.v_SKH()
                                    .to(DType.FLOAT32)
                                    .mul(requireNonNull(page.scales()).v_SK().unsqueeze(2)));
                        }
                        Tensor freshKeys = problem.k().narrow(0, start, rows);
                        Tensor freshValues = problem.v().narrow(0, start, rows);
                        ranges.add(new KeyRange(freshKeys, freshValues, start));
                        k.add(freshKeys.to(DType.FLOAT32));
                        v.add(freshValues.to(DType.FLOAT32));
                        LoopAttention expected = new LoopAttention(
                                problem.q().toDoubles(),
                                Tensors.cat(k, 0).toDoubles(),
                                Tensors.cat(v, 0).toDoubles(),
                                new double[0],
                                shape[0],
                                shape[1],
                                shape[2],
                                new int[] {0, 900},
                                600,
                                problem.scale(),
                                AttentionSpec.NO_CAP,
                                new double[0],
                                start);
                        Tensor q = problem.q().narrow(0, start, rows);
                        Tensor out = kernel.forward(problem.spec(), q, List.of(new Sequence(0, rows, start, ranges)))
                                .out_TNH();
                        double[] last = Arrays.copyOfRange(
                                expected.out, start * shape[0] * shape[2], 900 * shape[0] * shape[2]);
                        problem.close("int8", out, last, dtype == DType.FLOAT32 ? 2e-5 : 1e-2);
                    }
                }
            }
        }
    }

    @Test
    void int8KeepsEightBitsOfEachRow() {
        try (var _ = Scope.open()) {
            Tensor k = Tensors.normal(1, 3, 50, 2, 32);
            Tensor zeros = Tensors.zeros(DType.FLOAT32, 50, 2, 32);
            KeyRange range = KeyRange.quantize(k, zeros, 0);
            double[] exact = k.toDoubles();
            double[] stored = range.k_SKH()
                    .to(DType.FLOAT32)
                    .mul(requireNonNull(range.scales()).k_SK().unsqueeze(2))
                    .toDoubles();
            for (int row = 0; row < 100; row++) {
                double largest = 0;
                for (int d = 0; d < 32; d++) {
                    largest = Math.max(largest, Math.abs(exact[row * 32 + d]));
                }
                for (int d = 0; d < 32; d++) {
                    assertThat(Math.abs(stored[row * 32 + d] - exact[row * 32 + d]))
                            .isLessThanOrEqualTo(largest / 254 * 1.0001);
                }
            }
            assertThat(range.v_SKH().to(DType.FLOAT32).toDoubles()).containsOnly(0);
        }
    }

    @Test
    void refusesRangesWhoseScalesDoNotFit() {
        try (var _ = Scope.open()) {
            Tensor k = Tensors.zeros(DType.INT8, 5, 2, 16);
            Tensor scales = Tensors.zeros(DType.FLOAT32, 4, 2);
            assertThatThrownBy(() -> new KeyRange(k, k, 0)).hasMessageContaining("int8 keys need scales");
            assertThatThrownBy(() -> new KeyRange(k, k, new KeyScales(scales, scales), 0))
                    .hasMessageContaining("[4, 2]")
                    .hasMessageContaining("[5, 2, 16]");
            assertThatThrownBy(() -> new KeyScales(k, k)).hasMessageContaining("float32");
            assertThatThrownBy(() -> new KeyScales(scales, scales.narrow(0, 0, 3)))
                    .hasMessageContaining("[4, 2]")
                    .hasMessageContaining("[3, 2]");
        }
    }
}
