package org.zebralm.tensor;

import java.util.Map;
import org.bytedeco.pytorch.IValue;

/// libtorch's own product with weights of 8 bits on the CPU: what ours is compared with.
///
/// Inputs `[R, in]` are bfloat16. It is reached through the dispatcher, since the binding leaves it out.
public final class PackedProducts {
    private static final Operator INT8 = Operator.find("aten::_weight_int8pack_mm");

    private PackedProducts() {}

    /// Returns `x (numbers * scales)^T`: int8 `[out, in]` and bfloat16 `[out]`.
    public static Tensor int8(Tensor x, Tensor numbers, Tensor scales) {
        return INT8.call(Map.of(
                        "self", new IValue(x.raw()),
                        "mat2", new IValue(numbers.raw()),
                        "scales", new IValue(scales.raw())))
                .getFirst();
    }
}
