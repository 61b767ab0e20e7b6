package org.zebralm.nn;

import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int8Weight;
import org.zebralm.kernel.PackedInt8Weight;
import org.zebralm.kernel.PackedWeight;
import org.zebralm.kernel.SmallProducts;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// Which products of few rows a thread takes: those whose rows have the same bits whatever the others are, which is
/// what there is unless it is asked otherwise, or the fastest.
///
/// Measured (`zebra bench products`): libtorch is faster in bfloat16 from three rows on, and with 8 bits from two on,
/// or
/// from one where it is called for a product alone. With 4 bits ours is faster, and has a kernel of its own for one
/// row.
public final class ProductChoice {
    private static final ThreadLocal<Boolean> FASTEST = ThreadLocal.withInitial(() -> false);

    /// From so many rows on libtorch's bfloat16 product is faster.
    private static final int LIBTORCH_ROWS = 3;

    /// More rows are faster made dense block by block.
    private static final int MOST_PACKED_ROWS = 48;

    private ProductChoice() {}

    /// Lets the products of this thread be the fastest, whose last bits may depend on the number of rows.
    public static void setFastest(boolean fastest) {
        FASTEST.set(fastest);
    }

    /// Returns whether the products of this thread may be the fastest.
    static boolean isFastest() {
        return FASTEST.get();
    }

    /// Returns for how many rows a program of our products is the fastest.
    public static int fastestRows(Weight weight) {
        return switch (weight) {
            case DenseWeight(Tensor dense) when dense.dtype() == DType.BFLOAT16 -> LIBTORCH_ROWS - 1;
            case Int8Weight _, PackedInt8Weight _ -> 1;
            default -> SmallProducts.MAX_ROWS;
        };
    }

    static boolean isPacked(Tensor x, Weight weight) {
        return weight instanceof PackedWeight
                && FASTEST.get()
                && x.dtype() == DType.BFLOAT16
                && rows(x) <= MOST_PACKED_ROWS;
    }

    static boolean isLibtorch(Tensor x, Weight weight) {
        return weight instanceof DenseWeight
                && x.dtype() == DType.BFLOAT16
                && rows(x) >= LIBTORCH_ROWS
                && FASTEST.get();
    }

    private static long rows(Tensor x) {
        return x.numElements() / x.size(-1);
    }
}
