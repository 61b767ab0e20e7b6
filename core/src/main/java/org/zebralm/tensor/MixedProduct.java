package org.zebralm.tensor;

import java.util.Map;
import org.bytedeco.pytorch.IValue;

/// Products of half-precision matrices whose sums are kept as the hardware makes them, in float32 (CUDA alone).
final class MixedProduct {
    private static final Operator BMM = Operator.find("aten::bmm", "dtype");

    private MixedProduct() {}

    static Tensor of(Tensor a, Tensor b, DType dtype) {
        return BMM.call(Map.of(
                        "self", new IValue(a.raw()),
                        "mat2", new IValue(b.raw()),
                        "out_dtype", new IValue((long) dtype.scalarType().value)))
                .getFirst();
    }
}
