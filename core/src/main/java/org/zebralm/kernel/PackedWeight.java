package org.zebralm.kernel;

import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A quantized matrix as libtorch's own product for few rows wants it, beside the same numbers in our format.
///
/// libtorch multiplies in bfloat16 pairs, which the Vector API cannot say, and its threads wait awake between products.
/// The order of its sums may depend on the number of rows. Made when a model is opened, never stored.
public sealed interface PackedWeight extends Weight permits PackedInt8Weight {
    /// Returns the numbers in our format, which all else is done with.
    Weight original();

    /// Maps bfloat16 rows `[.., in]`, few of them, to `[.., out]`.
    default Tensor multiply(Tensor x, @Nullable Tensor bias) {
        boolean isMatrix = x.rank() == 2;
        Tensor x_RI = isMatrix ? x : x.reshape(x.numElements() / inputs(), inputs());
        Tensor y_RO = product(x_RI.contiguous());
        Tensor sum_RO = bias == null ? y_RO : y_RO.add(bias);
        if (isMatrix) {
            return sum_RO;
        }
        long[] shape = x.shape();
        shape[shape.length - 1] = outputs();
        return sum_RO.reshape(shape);
    }

    /// Maps bfloat16 rows `[R, in]`, contiguous, to `[R, out]`.
    Tensor product(Tensor x_RI);

    @Override
    default long outputs() {
        return original().outputs();
    }

    @Override
    default long inputs() {
        return original().inputs();
    }

    @Override
    default SequencedMap<String, Tensor> tensors() {
        return original().tensors();
    }

    @Override
    default Tensor rows(long from, long count, DType dtype) {
        return original().rows(from, count, dtype);
    }

    @Override
    default Tensor rows(long[] ids, DType dtype) {
        return original().rows(ids, dtype);
    }
}
