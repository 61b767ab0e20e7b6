package org.zebralm.kernel;

import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Torch;

/// The element types of [PortableAttention]'s parts.
///
/// Scores, their gradients, softmax and sums are always `inner`, float32 or wider. Half-precision probabilities
/// and gradients of scores are rounded to their storage type before they are multiplied on, as flash attention
/// does (arXiv 2307.08691), where the hardware multiplies that type faster. What they are made from is not
/// rounded: an error in a score is one in an exponent, and the gradient of a score is a small difference of
/// large products.
///
/// @param inner of scores, softmax and sums
/// @param exact of the factors whose products must not be rounded
/// @param products of the factors of all other products
record Precision(DType inner, DType exact, DType products) {
    static Precision of(Tensor q) {
        DType dtype = q.dtype();
        if (dtype == DType.FLOAT64 || dtype == DType.FLOAT32) {
            return new Precision(dtype, dtype, dtype);
        }
        if (q.device().kind() == Device.Kind.CUDA) {
            return new Precision(DType.FLOAT32, dtype, dtype); // tensor cores add in float32
        }
        boolean fast = dtype == DType.BFLOAT16 && Torch.hasFastBfloat16();
        return new Precision(DType.FLOAT32, DType.FLOAT32, fast ? dtype : DType.FLOAT32);
    }

    /// Returns `factor` times the product of two stacks of matrices of type `exact`, in `inner`.
    Tensor product(Tensor a, Tensor b, double factor) {
        return a.matmul(b, factor, inner);
    }

    /// Adds `factor` times the product of two stacks of matrices of type `products` to `sum`, which is of type
    /// `inner`.
    void addProduct(Tensor sum, Tensor a, Tensor b, double factor) {
        if (products == inner) {
            sum.setMatmulInPlace(1, a, b, factor);
        } else {
            sum.addInPlace(exact == products ? a.matmul(b, 1, inner) : a.matmul(b), factor);
        }
    }
}
