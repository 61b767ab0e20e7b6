package org.zebralm.kernel;

import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.PackedProducts;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A matrix of 4 bits as libtorch's product for few rows wants it, beside the same numbers in our own format.
///
/// Its order of numbers depends on the processor.
///
/// @param original the numbers in our format, which all else is done with
/// @param scalesAndZeros bfloat16 `[groups, out, 2]`; the zeros are zero
public record PackedInt4Weight(Int4Weight original, Tensor packed, Tensor scalesAndZeros) implements PackedWeight {
    private static final int OUTPUTS_TOGETHER = 16;

    /// Returns whether libtorch can multiply by a matrix.
    public static boolean accepts(Int4Weight weight) {
        return weight.words().isCpu()
                && weight.outputs() % OUTPUTS_TOGETHER == 0
                && weight.inputs() % weight.group() == 0;
    }

    /// Packs a matrix; `lifetime` keeps what is made.
    public static PackedInt4Weight of(Int4Weight weight, Lifetime lifetime) {
        try (var _ = Scope.open()) {
            long out = weight.outputs();
            long in = weight.inputs();
            int group = weight.group();
            Tensor scales_OG = weight.scales().to(DType.FLOAT32);
            // A group of zeros has no scale to divide by, and its numbers are all the same.
            Tensor divisors_OG = scales_OG.add(scales_OG
                    .abs()
                    .lessThan(Tensors.full(Float.MIN_NORMAL, DType.FLOAT32, 1))
                    .to(DType.FLOAT32));
            Tensor each_OI =
                    divisors_OG.unsqueeze(2).expand(out, in / group, group).reshape(out, in);
            Tensor numbers_OI = weight.dense(DType.FLOAT32)
                    .div(each_OI)
                    .add(Int4Layout.ZERO)
                    .round()
                    .to(DType.INT32);
            Tensor scales_GO1 = weight.scales().transpose(0, 1).contiguous().unsqueeze(2);
            Tensor both_GO2 = Tensors.cat(List.of(scales_GO1, scales_GO1.mul(0)), 2);
            return new PackedInt4Weight(
                    weight, lifetime.keep(PackedProducts.packInt4(numbers_OI)), lifetime.keep(both_GO2));
        }
    }

    @Override
    public Tensor product(Tensor x_RI) {
        return PackedProducts.int4(x_RI, packed, original.group(), scalesAndZeros);
    }

    /// Returns the bytes that a product of few rows reads.
    @Override
    public long bytes() {
        return packed.numElements() * packed.dtype().bytes()
                + scalesAndZeros.numElements() * scalesAndZeros.dtype().bytes();
    }
}
