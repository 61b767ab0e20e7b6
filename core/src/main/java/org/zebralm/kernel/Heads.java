package org.zebralm.kernel;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Grouped heads folded into the rows of their key-value head's products, instead of repeating its keys: `[T,
/// N, H]` as `[K, (N / K) * rows, H]`.
final class Heads {
    private Heads() {}

    /// Returns a block's rows of `x_TNH`, a fresh copy.
    static Tensor folded(Tensor x_TNH, Stretch.Block block, long numKvHeads, DType dtype) {
        Tensor rows_NRH = x_TNH.narrow(0, block.firstRow(), block.numRows()).transpose(0, 1);
        Tensor copy = Tensors.empty(x_TNH.device(), dtype, rows_NRH.shape()).copyInPlace(rows_NRH);
        return copy.reshape(numKvHeads, rows_NRH.size(0) / numKvHeads * block.numRows(), rows_NRH.size(2));
    }

    /// Returns one number per head as one per row, `[K, (N / K) * rows, 1]`.
    static Tensor folded(Tensor x_N, Stretch.Block block, long numKvHeads) {
        long numHeads = x_N.size(0);
        return x_N.unsqueeze(1)
                .expand(numHeads, block.numRows())
                .reshape(numKvHeads, numHeads / numKvHeads * block.numRows(), 1);
    }

    /// Writes a block's folded rows to their places in `to_TNH`.
    static void unfold(Tensor x_KRH, Tensor to_TNH, Stretch.Block block) {
        to_TNH.narrow(0, block.firstRow(), block.numRows())
                .copyInPlace(x_KRH.reshape(to_TNH.size(1), block.numRows(), x_KRH.size(2))
                        .transpose(0, 1));
    }
}
