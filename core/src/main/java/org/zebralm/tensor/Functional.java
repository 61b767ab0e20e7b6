package org.zebralm.tensor;

import org.bytedeco.pytorch.DoubleOptional;
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
