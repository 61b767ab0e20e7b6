package org.zebralm.kernel;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A matrix of floating-point numbers.
public record DenseWeight(Tensor tensor) implements Weight {
    @Override
    public long outputs() {
        return tensor.size(0);
    }

    @Override
    public long inputs() {
        return tensor.size(1);
    }

    @Override
    public SequencedMap<String, Tensor> tensors() {
        return new LinkedHashMap<>(Map.of("", tensor));
    }

    @Override
    public Tensor rows(long from, long count, DType dtype) {
        return tensor.narrow(0, from, count).to(dtype);
    }

    @Override
    public Tensor rows(long[] ids, DType dtype) {
        return tensor.rows(Tensors.of(ids, ids.length).to(tensor.device())).to(dtype);
    }
}
