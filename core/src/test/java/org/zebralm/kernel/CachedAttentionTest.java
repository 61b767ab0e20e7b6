package org.zebralm.kernel;

import java.util.ArrayList;
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
                expected.add(java.util.Arrays.copyOfRange(
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
                    double[] out = java.util.Arrays.copyOfRange(expected.out, (5000 - rows) * 64, 5000 * 64);
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
}
