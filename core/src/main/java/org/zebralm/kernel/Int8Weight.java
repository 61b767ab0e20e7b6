package org.zebralm.kernel;

import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A matrix of int8 `[out, in]` with a float32 factor for each row, `[out]`: a weight is its number times the factor.
///
/// Numbers are from -127 to 127.
public record Int8Weight(Tensor numbers, Tensor scales) implements Weight {
    public Int8Weight {
        if (numbers.rank() != 2
                || numbers.dtype() != DType.INT8
                || scales.rank() != 1
                || scales.dtype() != DType.FLOAT32
                || scales.size(0) != numbers.size(0)) {
            throw new IllegalArgumentException(
                    "an int8 matrix is int8[out, in] and float32[out]: got " + numbers + " and " + scales);
        }
    }

    @Override
    public long outputs() {
        return numbers.size(0);
    }

    @Override
    public long inputs() {
        return numbers.size(1);
    }

    @Override
    public SequencedMap<String, Tensor> tensors() {
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put("", numbers);
        tensors.put(SCALE, scales);
        return tensors;
    }

    @Override
    public Tensor rows(long from, long count, DType dtype) {
        return times(numbers.narrow(0, from, count), scales.narrow(0, from, count), dtype);
    }

    @Override
    public Tensor rows(long[] ids, DType dtype) {
        Tensor rows = Tensors.of(ids, ids.length);
        return times(numbers.rows(rows), scales.rows(rows), dtype);
    }

    private static Tensor times(Tensor numbers, Tensor scales, DType dtype) {
        return numbers.to(DType.FLOAT32).mulInPlace(scales.unsqueeze(1)).to(dtype);
    }
}
