package org.zebralm.tensor;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/// Operations on all tensors of a list in one native call (libtorch's `_foreach_` operators).
public final class TensorLists {
    private static final Operator NORM = Operator.find("aten::_foreach_norm", "Scalar");
    private static final Operator MULTIPLY = Operator.find("aten::_foreach_mul_", "Scalar");
    private static final Operator LERP = Operator.find("aten::_foreach_lerp_", "Scalar");
    private static final Operator ZERO = Operator.find("aten::_foreach_zero_");

    private TensorLists() {}

    /// Returns each tensor's Euclidean norm, summed in float32.
    public static double[] norms(List<Tensor> tensors) {
        if (tensors.isEmpty()) {
            return new double[0];
        }
        IValueVector stack = new IValueVector(NORM.arguments(
                Map.of("self", Operator.list(tensors), "dtype", new IValue((long) torch.ScalarType.Float.value))));
        NORM.call(stack);
        TensorVector norms = stack.get(0).toTensorVector();
        return new Tensor(torch.stack(norms)).toDoubles();
    }

    public static void multiplyInPlace(List<Tensor> tensors, double factor) {
        if (!tensors.isEmpty()) {
            MULTIPLY.call(Operator.list(tensors), Operator.scalar(factor));
        }
    }

    /// Moves each tensor by `share` of the way to the one at its place in `ends`.
    public static void lerpInPlace(List<Tensor> tensors, List<Tensor> ends, double share) {
        if (!tensors.isEmpty()) {
            LERP.call(Operator.list(tensors), Operator.list(ends), Operator.scalar(share));
        }
    }

    public static void zeroInPlace(List<Tensor> tensors) {
        if (!tensors.isEmpty()) {
            ZERO.call(Operator.list(tensors));
        }
    }
}
