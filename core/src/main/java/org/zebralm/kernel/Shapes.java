package org.zebralm.kernel;

import java.util.Arrays;
import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The checks every implementation makes before it touches memory.
final class Shapes {
    private Shapes() {}

    static void check(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        if (q_TNH.rank() != 3 || !q_TNH.dtype().isFloating()) {
            throw new IllegalArgumentException("q must be [tokens, numHeads, headDim] of floats: got " + q_TNH);
        }
        checkSinks(spec, q_TNH);
        int row = 0;
        KeyRange checked = null;
        for (Sequence sequence : sequences) {
            if (sequence.firstRow() != row) {
                throw new IllegalArgumentException("sequences must cover the rows of q in order: got one at row "
                        + sequence.firstRow() + " after " + row);
            }
            row += sequence.numRows();
            for (KeyRange range : sequence.keys()) {
                if (checked == null || !isLike(range, checked)) {
                    checkHeads(q_TNH, range.k_SKH());
                    if (checked != null && range.heads() != checked.heads()) {
                        throw new IllegalArgumentException("all keys must have one number of heads: got "
                                + checked.k_SKH() + " and " + range.k_SKH());
                    }
                    checked = range;
                }
            }
        }
        if (row != q_TNH.size(0)) {
            throw new IllegalArgumentException(
                    "sequences must cover all rows of q: got " + row + " of " + q_TNH.size(0));
        }
    }

    static void check(AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        if (q_TNH.rank() != 3 || !q_TNH.dtype().isFloating()) {
            throw new IllegalArgumentException("q must be [tokens, numHeads, headDim] of floats: got " + q_TNH);
        }
        checkSinks(spec, q_TNH);
        if (k_TKH.rank() != 3) {
            throw new IllegalArgumentException("k must be [tokens, numKvHeads, headDim]: got " + k_TKH);
        }
        checkSame("v", v_TKH, "k", k_TKH);
        if (k_TKH.dtype() == DType.INT8) {
            throw new IllegalArgumentException("packed keys must have q's dtype: got " + k_TKH + " for q " + q_TNH);
        }
        checkHeads(q_TNH, k_TKH);
        if (q_TNH.size(0) != k_TKH.size(0) || lengths.total() != q_TNH.size(0)) {
            throw new IllegalArgumentException("q, k and the cumulative lengths must have one number of tokens: got "
                    + q_TNH + ", " + k_TKH + " and " + lengths.total());
        }
    }

    static void checkLogSumExp(Tensor logSumExp_NT, Tensor q_TNH) {
        long[] expected = {q_TNH.size(1), q_TNH.size(0)};
        DType dtype = q_TNH.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        if (logSumExp_NT.dtype() != dtype || !Arrays.equals(logSumExp_NT.shape(), expected)) {
            throw new IllegalArgumentException("logSumExp must be " + dtype.label() + Arrays.toString(expected)
                    + ", [numHeads, tokens], for q " + q_TNH + ": got " + logSumExp_NT);
        }
    }

    static void checkSame(String aName, Tensor a, String bName, Tensor b) {
        if (!Arrays.equals(a.shape(), b.shape()) || a.dtype() != b.dtype()) {
            throw new IllegalArgumentException(aName + " must be like " + bName + ": got " + a + " and " + b);
        }
    }

    private static void checkSinks(AttentionSpec spec, Tensor q_TNH) {
        Tensor sinks_N = spec.sinks_N();
        if (sinks_N == null) {
            return;
        }
        if (sinks_N.size(0) != q_TNH.size(1)) {
            throw new IllegalArgumentException("each query head needs its sink: got " + sinks_N + " for q " + q_TNH);
        }
        checkOneDevice("sinks", sinks_N, q_TNH);
    }

    private static void checkOneDevice(String name, Tensor x, Tensor q_TNH) {
        if (!x.device().equals(q_TNH.device())) {
            throw new IllegalArgumentException(
                    name + " must be where q is: got " + x.device() + " and " + q_TNH.device());
        }
    }

    private static boolean isLike(KeyRange a, KeyRange b) {
        return a.heads() == b.heads()
                && a.width() == b.width()
                && a.dtype() == b.dtype()
                && a.device().equals(b.device());
    }

    private static void checkHeads(Tensor q_TNH, Tensor k_SKH) {
        checkOneDevice("k", k_SKH, q_TNH);
        boolean sameType = q_TNH.dtype() == k_SKH.dtype() || k_SKH.dtype() == DType.INT8;
        if (q_TNH.size(2) != k_SKH.size(2) || q_TNH.size(1) % k_SKH.size(1) != 0 || !sameType) {
            throw new IllegalArgumentException(
                    "q and k must have one headDim and dtype, and numHeads must be a multiple of numKvHeads: got "
                            + q_TNH + " and " + k_SKH);
        }
    }
}
