package org.zebralm.checkpoint;

import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int4Weight;
import org.zebralm.kernel.Int8Weight;
import org.zebralm.kernel.Weight;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// The parameters in a model's files, read or rounded to fewer bits one after the other.
///
/// @param dtype of all that is floating-point
/// @param stored how matrices lie in the files, or null where they are dense
/// @param wanted how dense matrices are to be rounded, or null for not at all
record StoredParams(
        WeightSource weights,
        DType dtype,
        @Nullable QuantizationConfig stored,
        @Nullable QuantizationConfig wanted,
        Lifetime lifetime)
        implements Params.Source {
    @Override
    public Tensor get(String name, Init init, long... shape) {
        try (var _ = Scope.open()) {
            return lifetime.keep(weights.tensor(name, dtype));
        }
    }

    @Override
    public Weight weight(String name, Init init, long out, long in) {
        WeightFormat format = stored == null ? WeightFormat.KEEP : stored.formatOf(name);
        if (wanted != null && wanted.formatOf(name) != WeightFormat.KEEP) {
            return rounded(name, wanted);
        }
        return switch (format) {
            case KEEP -> new DenseWeight(get(name, init, out, in));
            case INT8 -> new Int8Weight(asStored(name), asStored(name + Weight.SCALE));
            case INT4 ->
                new Int4Weight(
                        asStored(name),
                        asStored(name + Weight.SCALE),
                        (int) out,
                        (int) in,
                        stored == null ? 0 : stored.group());
        };
    }

    private Tensor asStored(String name) {
        try (var _ = Scope.open()) {
            return lifetime.keep(weights.tensor(name));
        }
    }

    /// What the file holds is needed meanwhile only: memory is what the model takes and one matrix.
    private Weight rounded(String name, QuantizationConfig quantization) {
        try (var _ = Scope.open()) {
            Weight weight = quantization.quantize(name, weights.tensor(name));
            weight.tensors().values().forEach(lifetime::keep);
            return weight;
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }
}
