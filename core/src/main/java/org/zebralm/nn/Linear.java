package org.zebralm.nn;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int8Weight;
import org.zebralm.kernel.PackedInt8Weight;
import org.zebralm.kernel.PackedWeight;
import org.zebralm.kernel.SmallProducts;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// `y = x W^T + b`, weight `[out, in]`, dense or quantized; most decoders have no bias.
public record Linear(Weight matrix, @Nullable Tensor bias) {
    /// Numbers of a quantized weight that are dense at one time: they stay in the cache until they are multiplied.
    private static final long BLOCK_ELEMENTS = 1 << 20;

    /// The most outputs of them: transposed rows 2 KiB apart and more would meet in the same places of the cache.
    private static final long BLOCK_OUTPUTS = 512;

    /// Makes a dense product.
    public Linear(Tensor weight, @Nullable Tensor bias) {
        this(new DenseWeight(weight), bias);
    }

    /// Makes a dense product without a bias.
    public Linear(Tensor weight) {
        this(weight, null);
    }

    public static Linear load(Params params, int in, int out, double initStd) {
        return load(params, in, out, initStd, false);
    }

    public static Linear load(Params params, int in, int out, double initStd, boolean hasBias) {
        return new Linear(
                params.weight("weight", new Init.Normal(initStd), out, in),
                hasBias ? params.get("bias", new Init.Zeros(), out) : null);
    }

    /// Loads a product that stays dense whatever the others are.
    static Linear loadDense(Params params, int in, int out, double initStd, boolean hasBias) {
        return new Linear(
                params.get("weight", new Init.Normal(initStd), out, in),
                hasBias ? params.get("bias", new Init.Zeros(), out) : null);
    }

    /// Returns the dense weight.
    ///
    /// @throws IllegalStateException if it is quantized: such a model is for inference
    public Tensor weight() {
        return switch (matrix) {
            case DenseWeight(Tensor tensor) -> tensor;
            default ->
                throw new IllegalStateException(
                        "a quantized weight has no dense tensor, and cannot be trained; open the dense model");
        };
    }

    /// Maps `[.., in]` to `[.., out]`.
    ///
    /// Where no history is recorded, [SmallProducts] multiplies up to [SmallProducts#MAX_ROWS] rows, each with the
    /// same bits whatever the others are, unless [ProductChoice] says otherwise. Libtorch multiplies more, with
    /// quantized weights block by block, in the type of `x`.
    public Tensor forward(Tensor x) {
        if (Inference.isOn()) {
            if (matrix instanceof PackedWeight packed && ProductChoice.isPacked(x, matrix)) {
                return packed.multiply(x, bias);
            }
            Optional<SmallProducts> small = SmallProducts.forThisMachine();
            if (small.isPresent() && isSmall(small.get(), x, matrix)) {
                return small.get().multiply(x, matrix, bias, ProductChoice.isFastest());
            }
        }
        return matrix instanceof DenseWeight(Tensor dense) ? Functional.linear(x, dense, bias) : block(x);
    }

    /// Maps `[.., in]` by several products, each as [#forward] does; few rows with one waking of the threads.
    public static List<Tensor> forwardAll(Tensor x, Linear... products) {
        Optional<SmallProducts> small = SmallProducts.forThisMachine();
        if (small.isEmpty()
                || !Inference.isOn()
                || !Arrays.stream(products).allMatch(one -> isSmall(small.get(), x, one.matrix))) {
            return Arrays.stream(products).map(one -> one.forward(x)).toList();
        }
        List<Weight> weights = Arrays.stream(products).map(Linear::matrix).toList();
        List<@Nullable Tensor> biases = new ArrayList<>();
        for (Linear one : products) {
            biases.add(one.bias);
        }
        return small.get().multiplyAll(x, weights, biases, ProductChoice.isFastest());
    }

    private static boolean isSmall(SmallProducts small, Tensor x, Weight matrix) {
        return small.accepts(x, matrix, ProductChoice.isFastest())
                && !ProductChoice.isPacked(x, matrix)
                && !ProductChoice.isLibtorch(x, matrix);
    }

    /// Returns this product with a quantized weight packed for few rows, if it is one that can be.
    public Linear packed(Lifetime lifetime) {
        return switch (matrix) {
            case Int8Weight int8
            when PackedInt8Weight.accepts(int8) -> new Linear(PackedInt8Weight.of(int8, lifetime), bias);
            default -> this;
        };
    }

    /// Maps `[.., in]` to `[.., out]` as training does: by libtorch, whatever the number of rows.
    ///
    /// @throws IllegalStateException if the weight is quantized
    public Tensor product(Tensor x) {
        return Functional.linear(x, weight(), bias);
    }

    private Tensor block(Tensor x) {
        if (Autograd.isRecording()) {
            throw new IllegalStateException("a quantized product records no history: it is for inference");
        }
        long[] shape = x.shape();
        long in = shape[shape.length - 1];
        long out = matrix.outputs();
        Tensor x_TI = x.reshape(x.numElements() / in, in);
        Tensor y_TO = Tensors.empty(x.dtype(), x_TI.size(0), out);
        long step = Math.clamp(BLOCK_ELEMENTS / in / 16 * 16, 16, BLOCK_OUTPUTS);
        for (long from = 0; from < out; from += step) {
            long count = Math.min(step, out - from);
            try (var _ = Scope.open()) {
                Tensor weight_BI = matrix.block(from, count, x.dtype());
                Tensor bias_B = bias == null ? null : bias.narrow(0, from, count);
                y_TO.narrow(1, from, count).copyInPlace(Functional.linear(x_TI, weight_BI, bias_B));
            }
        }
        long[] to = Arrays.copyOf(shape, shape.length);
        to[to.length - 1] = out;
        return y_TO.reshape(to);
    }
}
