package org.zebralm.kernel;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Queries that share keys, one to four rows of groups of every size, against float64 loops over the numbers stored.
class GroupedDecodeTest {
    private static final int TOKENS = 420;
    private static final CpuPool POOL = new CpuPool(2);

    @ParameterizedTest
    @EnumSource(Storage.class)
    void groupsOfEverySizeEqualTheLoops(Storage storage) {
        var random = new Random(11);
        for (int width : new int[] {64, 80, 128}) {
            for (int group : new int[] {1, 2, 3, 4, 5, 6, 7, 8, 12}) {
                try (var _ = Scope.open()) {
                    boolean local = group % 2 == 1;
                    DType dtype = storage == Storage.FLOAT32 ? DType.FLOAT32 : DType.BFLOAT16;
                    var problem =
                            AttentionCase.of(2 * group, 2, width, local ? 130 : Integer.MAX_VALUE, dtype, 0, TOKENS);
                    if (group % 3 != 0) {
                        problem = problem.withSinks();
                    }
                    if (group % 4 < 2) {
                        problem = problem.withSoftCap(0.9);
                    }
                    for (int rows = 1; rows <= 4; rows += group < 5 ? 1 : 3) {
                        check(problem, storage, rows, group % 3 == 0, random);
                    }
                }
            }
        }
    }

    private static void check(AttentionCase problem, Storage storage, int rows, boolean tokenMajor, Random random) {
        int start = TOKENS - rows;
        int heads = problem.numHeads();
        int width = problem.width();
        var pages = Pages.of(problem, storage, start, tokenMajor, random);
        var expected = new LoopAttention(
                problem.q().toDoubles(),
                pages.k().toDoubles(),
                pages.v().toDoubles(),
                new double[0],
                heads,
                problem.numKvHeads(),
                width,
                new int[] {0, TOKENS},
                problem.window(),
                problem.scale(),
                problem.softCap(),
                problem.hasSinks() ? problem.sinks().toDoubles() : new double[0],
                start);
        AttentionOutput output = new VectorAttention(POOL)
                .forward(
                        problem.spec(),
                        problem.q().narrow(0, start, rows),
                        List.of(new Sequence(0, rows, start, pages.ranges())));
        String what = storage + ", width " + width + ", " + heads / problem.numKvHeads() + " heads, " + rows + " rows";
        double[] out = Arrays.copyOfRange(expected.out, start * heads * width, TOKENS * heads * width);
        problem.close(what, output.out_TNH(), out, problem.dtype() == DType.FLOAT32 ? 2e-5 : 1e-2);
        double[] logSumExp = new double[heads * rows];
        for (int i = 0; i < logSumExp.length; i++) {
            logSumExp[i] = expected.logSumExp[i / rows * TOKENS + start + i % rows];
        }
        problem.close(what, output.logSumExp_NT(), logSumExp, 2e-5);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 8, 12})
    void sequencesBesideChangeNoBit(int group) {
        var random = new Random(12);
        var kernel = new VectorAttention(POOL);
        for (Storage storage : Storage.values()) {
            try (var _ = Scope.open()) {
                DType dtype = storage == Storage.FLOAT32 ? DType.FLOAT32 : DType.BFLOAT16;
                List<Sequence> sequences = new ArrayList<>();
                List<Tensor> queries = new ArrayList<>();
                List<Tensor> alone = new ArrayList<>();
                AttentionSpec spec = AttentionCase.of(group, 1, 64, Integer.MAX_VALUE, dtype, 0, TOKENS)
                        .spec();
                for (int i = 0; i < 4; i++) {
                    int tokens = new int[] {3, 300, 1200, 65}[i];
                    var problem = new AttentionCase(
                            group, 1, 64, CumulativeLengths.single(tokens), tokens, 0.125, dtype, 1, i);
                    Tensor q = problem.q().narrow(0, tokens - 1, 1);
                    List<KeyRange> ranges = Pages.of(problem, storage, tokens - 1, false, random)
                            .ranges();
                    queries.add(q);
                    sequences.add(new Sequence(i, 1, tokens - 1, ranges));
                    alone.add(kernel.forward(spec, q, List.of(new Sequence(0, 1, tokens - 1, ranges)))
                            .out_TNH());
                }
                Tensor together =
                        kernel.forward(spec, Tensors.cat(queries, 0), sequences).out_TNH();
                assertThat(together.toDoubles()).isEqualTo(Tensors.cat(alone, 0).toDoubles());
            }
        }
    }

    /// Keys of one sequence in pages of uneven lengths, the last rows fresh, and the numbers that are stored in them.
    private record Pages(List<KeyRange> ranges, Tensor k, Tensor v) {
        static Pages of(AttentionCase problem, Storage storage, int start, boolean tokenMajor, Random random) {
            List<KeyRange> ranges = new ArrayList<>();
            List<Tensor> k = new ArrayList<>();
            List<Tensor> v = new ArrayList<>();
            Tensor keys = problem.k();
            Tensor values = problem.v();
            for (int from = 0; from < start; from += ranges.getLast().length()) {
                int size = Math.min(start - from, random.nextInt(3) == 0 ? 1 + random.nextInt(100) : 64);
                KeyRange page =
                        page(keys.narrow(0, from, size), values.narrow(0, from, size), from, storage, tokenMajor);
                ranges.add(page);
                k.add(stored(page, page.k_SKH(), true));
                v.add(stored(page, page.v_SKH(), false));
            }
            int rows = problem.tokens() - start;
            Tensor freshKeys = keys.narrow(0, start, rows);
            Tensor freshValues = values.narrow(0, start, rows);
            ranges.add(new KeyRange(freshKeys, freshValues, start));
            k.add(freshKeys.to(DType.FLOAT32));
            v.add(freshValues.to(DType.FLOAT32));
            return new Pages(ranges, Tensors.cat(k, 0), Tensors.cat(v, 0));
        }

        private static KeyRange page(Tensor k, Tensor v, int from, Storage storage, boolean tokenMajor) {
            if (storage == Storage.INT8) {
                KeyRange page = KeyRange.quantize(k, v, from);
                return new KeyRange(
                        laid(page.k_SKH(), tokenMajor), laid(page.v_SKH(), tokenMajor), page.scales(), from);
            }
            return new KeyRange(laid(k, tokenMajor), laid(v, tokenMajor), from);
        }

        private static Tensor laid(Tensor x_SKH, boolean tokenMajor) {
            return tokenMajor ? x_SKH.copy() : x_SKH.transpose(0, 1).copy().transpose(0, 1);
        }

        private static Tensor stored(KeyRange page, Tensor x_SKH, boolean keys) {
            if (page.scales() == null) {
                return x_SKH.to(DType.FLOAT32);
            }
            KeyScales scales = requireNonNull(page.scales());
            return x_SKH.to(DType.FLOAT32).mul((keys ? scales.k_SK() : scales.v_SK()).unsqueeze(2));
        }
    }
}
