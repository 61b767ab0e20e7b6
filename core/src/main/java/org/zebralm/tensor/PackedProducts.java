package org.zebralm.tensor;

import java.util.Map;
import org.bytedeco.pytorch.IValue;

/// libtorch's own products with weights of 8 and 4 bits on the CPU: what ours are compared with.
///
/// Inputs `[R, in]` are bfloat16. They are reached through the dispatcher, since the binding leaves them out.
public final class PackedProducts {
    private static final Operator INT8 = Operator.find("aten::_weight_int8pack_mm");
    private static final Operator PACK_INT4 = Operator.find("aten::_convert_weight_to_int4pack_for_cpu");
    private static final Operator INT4 = Operator.find("aten::_weight_int4pack_mm_for_cpu");

    private PackedProducts() {}

    /// Returns `x (numbers * scales)^T`: int8 `[out, in]` and bfloat16 `[out]`.
    public static Tensor int8(Tensor x, Tensor numbers, Tensor scales) {
        return INT8.call(Map.of(
                        "self", new IValue(x.raw()),
                        "mat2", new IValue(numbers.raw()),
                        "scales", new IValue(scales.raw())))
                .getFirst();
    }

    /// Packs numbers from 0 to 15, int32 `[out, in]`; `out` is a multiple of 16, `in` of 32.
    public static Tensor packInt4(Tensor numbers) {
        return PACK_INT4
                .call(Map.of("self", new IValue(numbers.raw()), "innerKTiles", new IValue(2L)))
                .getFirst();
    }

    /// Returns `x w^T` of packed numbers, a weight being `(number - 8) * scale + zero`.
    ///
    /// @param scalesAndZeros bfloat16 `[in / group, out, 2]`
    public static Tensor int4(Tensor x, Tensor packed, int group, Tensor scalesAndZeros) {
        return INT4.call(Map.of(
                        "self", new IValue(x.raw()),
                        "mat2", new IValue(packed.raw()),
                        "qGroupSize", new IValue((long) group),
                        "qScaleAndZeros", new IValue(scalesAndZeros.raw())))
                .getFirst();
    }
}
