package org.zebralm.tensor;

import java.util.Arrays;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The functions of a decoder that libtorch computes for us.
public final class Functional {
    private Functional() {}

    /// Returns `x w^T + b`: `[.., in]` and `[out, in]` give `[.., out]`.
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        if (x.size(-1) != weight.size(-1) || x.dtype() != weight.dtype()) {
            throw new IllegalArgumentException(
                    "linear needs [.., in] and [out, in] of one dtype: got " + x + " and " + weight);
        }
        return new Tensor(torch.linear(x.raw(), weight.raw(), Tensor.optional(bias)));
    }

    /// Returns the rows of `weight` that `ids` (int64) names, with a gradient for `weight`.
    public static Tensor embedding(Tensor weight, Tensor ids) {
        return new Tensor(torch.embedding(weight.raw(), ids.raw()));
    }

    /// Returns `x / rms(x) * weight` over the last axis, computed in float32 whatever the storage type.
    public static Tensor rmsNorm(Tensor x, Tensor weight, double eps) {
        return new Tensor(
                torch.rms_norm(x.raw(), new long[] {x.size(-1)}, Tensor.optional(weight), new DoubleOptional(eps)));
    }

    /// Returns `(x - mean(x)) / std(x) * weight` over the last axis.
    public static Tensor layerNorm(Tensor x, Tensor weight, double eps) {
        return new Tensor(torch.layer_norm(
                x.raw(), new long[] {x.size(-1)}, Tensor.optional(weight), Tensor.optional(null), eps, true));
    }

    /// Returns the Gaussian error linear unit of each element, exact or by its approximation with a hyperbolic
    /// tangent.
    public static Tensor gelu(Tensor x, boolean byTanh) {
        return new Tensor(torch.gelu(x.raw(), byTanh ? "tanh" : "none"));
    }

    public static Tensor sigmoid(Tensor x) {
        return new Tensor(torch.sigmoid(x.raw()));
    }

    /// The largest values along the last axis, the largest first, and their indices (int64).
    public record TopK(Tensor values, Tensor indices) {}

    public static TopK topK(Tensor x, int k) {
        T_TensorTensor_T found = torch.topk(x.raw(), k);
        return new TopK(new Tensor(found.get0()), new Tensor(found.get1()));
    }

    public static Tensor silu(Tensor x) {
        return new Tensor(torch.silu(x.raw()));
    }

    public static Tensor softmax(Tensor x, int axis) {
        return new Tensor(torch.softmax(x.raw(), axis));
    }

    /// Returns `log sum exp` over an axis.
    public static Tensor logSumExp(Tensor x, int axis, boolean keepAxis) {
        return new Tensor(torch.logsumexp(x.raw(), new long[] {axis}, keepAxis));
    }

    /// Returns libtorch's own attention, `softmax(scale * q k^T + mask) v`, with gradients: what our kernels are
    /// compared with.
    ///
    /// Axes `[B, N, T, H]`; keys and values have as many heads as queries. `causal` lets query `i` see keys
    /// `0 .. i`, so it is for as many queries as keys. On the CPU keep the mask in floating point, float32 or the
    /// queries' type: a boolean one in bfloat16 has crashed libtorch 2.10.
    ///
    /// @param mask added to the scores, `[T, S]`, minus infinity where a pair is not attended; null for none, and
    ///     only without `causal`
    public static Tensor scaledDotProductAttention(
            Tensor q_BNTH, Tensor k_BNSH, Tensor v_BNSH, @Nullable Tensor mask, boolean causal, double scale) {
        if (q_BNTH.rank() != 4
                || k_BNSH.rank() != 4
                || !Arrays.equals(k_BNSH.shape(), v_BNSH.shape())
                || q_BNTH.size(1) != k_BNSH.size(1)
                || q_BNTH.size(3) != k_BNSH.size(3)) {
            throw new IllegalArgumentException(
                    "attention needs queries [B, N, T, H], keys and values [B, N, S, H]: got " + q_BNTH + ", " + k_BNSH
                            + " and " + v_BNSH);
        }
        if (mask != null && (causal || !mask.dtype().isFloating())) {
            throw new IllegalArgumentException(
                    "a mask must be of floats and stand alone: got " + mask + (causal ? " with causal" : ""));
        }
        return new Tensor(torch.scaled_dot_product_attention(
                q_BNTH.raw(),
                k_BNSH.raw(),
                v_BNSH.raw(),
                Tensor.optional(mask),
                0,
                causal,
                new DoubleOptional(scale),
                false));
    }

    /// Returns the summed negative log-likelihood of `targets` (int64, negative = ignored) under `logits_TV`.
    public static Tensor crossEntropySum(Tensor logits_TV, Tensor targets_T) {
        return crossEntropy(logits_TV, targets_T, torch.Reduction.Sum);
    }

    /// Returns each token's negative log-likelihood, zero where the target is negative.
    public static Tensor crossEntropyEach(Tensor logits_TV, Tensor targets_T) {
        return crossEntropy(logits_TV, targets_T, torch.Reduction.None);
    }

    private static Tensor crossEntropy(Tensor logits_TV, Tensor targets_T, torch.Reduction reduction) {
        if (logits_TV.rank() != 2 || targets_T.rank() != 1 || logits_TV.size(0) != targets_T.size(0)) {
            throw new IllegalArgumentException(
                    "cross entropy needs [T, V] and [T]: got " + logits_TV + " and " + targets_T);
        }
        return new Tensor(torch.cross_entropy_loss(
                logits_TV.raw(), targets_T.raw(), Tensor.optional(null), reduction.value, IGNORED, 0.0));
    }

    /// The target of a token that is not to be predicted.
    public static final int IGNORED = -1;
}
