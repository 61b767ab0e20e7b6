package org.zebralm.kernel;

import java.util.SequencedMap;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A matrix `[out, in]` that inputs are multiplied with, as it lies in memory: floating-point numbers, or whole
/// numbers of fewer bits and their scales.
///
/// Immutable; whoever made it keeps the tensors alive.
public sealed interface Weight permits DenseWeight, Int8Weight, Int4Weight, PackedWeight {
    /// What a quantized weight's scales are called, after its name.
    String SCALE = "_scale";

    /// Returns the rows, which are outputs.
    long outputs();

    /// Returns the columns, which are inputs.
    long inputs();

    /// Returns the bytes of all that is stored.
    default long bytes() {
        return tensors().values().stream()
                .mapToLong(tensor -> tensor.numElements() * tensor.dtype().bytes())
                .sum();
    }

    /// Returns what is stored, by what comes after the weight's name on disk.
    SequencedMap<String, Tensor> tensors();

    /// Returns rows `[from, from + count)` as floating-point numbers `[count, in]`, rounded once.
    Tensor rows(long from, long count, DType dtype);

    /// Returns rows as [#rows] does, `[count, in]`, in whatever order in memory is made fastest; `from` is a multiple
    /// of
    /// 16.
    default Tensor block(long from, long count, DType dtype) {
        return rows(from, count, dtype);
    }

    /// Returns the rows that `ids` name, `[ids, in]`, as `dtype`.
    Tensor rows(long[] ids, DType dtype);

    /// Returns all rows.
    default Tensor dense(DType dtype) {
        return rows(0, outputs(), dtype);
    }
}
