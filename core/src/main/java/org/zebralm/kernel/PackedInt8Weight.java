package org.zebralm.kernel;

import java.util.Arrays;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.PackedProducts;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A matrix of int8 with its factors in bfloat16, as libtorch's product wants them; the numbers are the same tensor.
///
/// @param scales bfloat16 `[out]`, equal to the original's
public record PackedInt8Weight(Int8Weight original, Tensor scales) implements PackedWeight {
    /// libtorch reads rows in vectors of so many, and beyond their end where they are no whole ones.
    private static final int INPUTS_TOGETHER = 32;

    private static final int OUTPUTS_TOGETHER = 16;

    /// Returns whether libtorch can multiply by a matrix: what [Quantizer] makes has factors that are bfloat16.
    public static boolean accepts(Int8Weight weight) {
        if (weight.outputs() % OUTPUTS_TOGETHER != 0 || weight.inputs() % INPUTS_TOGETHER != 0) {
            return false;
        }
        if (!weight.numbers().isCpu()
                || weight.numbers().stride(1) != 1
                || weight.numbers().stride(0) != weight.inputs()) {
            return false;
        }
        try (var _ = Scope.open()) {
            Tensor rounded = weight.scales().to(DType.BFLOAT16).to(DType.FLOAT32);
            return Arrays.equals(rounded.toFloats(), weight.scales().toFloats());
        }
    }

    /// Makes ready a matrix; `lifetime` keeps what is made.
    public static PackedInt8Weight of(Int8Weight weight, Lifetime lifetime) {
        try (var _ = Scope.open()) {
            return new PackedInt8Weight(weight, lifetime.keep(weight.scales().to(DType.BFLOAT16)));
        }
    }

    @Override
    public Tensor product(Tensor x_RI) {
        return PackedProducts.int8(x_RI, original.numbers(), scales);
    }
}
