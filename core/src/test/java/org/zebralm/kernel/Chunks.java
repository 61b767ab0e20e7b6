package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A problem's document fed piece by piece, as prefill and decode do.
final class Chunks {
    private Chunks() {}

    /// Checks that chunks of these sizes, one after the other, give what the whole does.
    static void check(AttentionKernel kernel, AttentionCase problem, Random random, int... chunks) {
        double[] expected = problem.expected().out;
        int start = 0;
        int row = problem.numHeads() * problem.width();
        for (int chunk : chunks) {
            Sequence sequence = chunk(problem, 0, start, chunk, random);
            Tensor out = kernel.forward(problem.spec(), problem.q().narrow(0, start, chunk), List.of(sequence))
                    .out_TNH();
            double[] rows = Arrays.copyOfRange(expected, start * row, (start + chunk) * row);
            problem.close("rows " + start + " + " + chunk, out, rows, problem.dtype() == DType.FLOAT32 ? 2e-5 : 1e-2);
            start += chunk;
        }
        assertThat(start).isEqualTo(problem.tokens());
    }

    /// Returns rows `[start, start + length)` of a problem, with the keys they reach cut into pages of odd
    /// sizes.
    static Sequence chunk(AttentionCase problem, int firstRow, int start, int length, Random random) {
        Tensor k = problem.k();
        Tensor v = problem.v();
        List<KeyRange> ranges = new ArrayList<>();
        int from = (int) problem.spec().span().firstVisible(start);
        int end = start + length;
        while (from < end) {
            int size = Math.min(end - from, 1 + random.nextInt(70));
            ranges.add(new KeyRange(
                    k.narrow(0, from, size).copy(), v.narrow(0, from, size).copy(), from));
            from += size;
        }
        return new Sequence(firstRow, length, start, ranges);
    }
}
