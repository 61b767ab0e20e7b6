package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Tensor;

/// What one layer's attention computes: who sees whom, and how scores become probabilities.
///
/// A score is `s = scale * q . k`, or `softCap * tanh(s / softCap)` where there is a cap (Gemma 2); the softmax of
/// a row's scores may have one more term, its head's sink, that takes probability and has no value (gpt-oss).
///
/// @param scale the factor on the products
/// @param softCap the bound on scores, or infinity for none
/// @param sinks_N a logit per query head, not scaled and not capped, or null for none
public record AttentionSpec(
        Span span, double scale, double softCap, @Nullable Tensor sinks_N) {
    /// What [#softCap] is where scores have no bound.
    public static final double NO_CAP = Double.POSITIVE_INFINITY;

    public AttentionSpec {
        if (!Double.isFinite(scale) || scale == 0) {
            throw new IllegalArgumentException("scale must be finite and not 0: got " + scale);
        }
        if (!(softCap > 0)) {
            throw new IllegalArgumentException("softCap must be above 0, or infinite for none: got " + softCap);
        }
        if (sinks_N != null && (sinks_N.rank() != 1 || !sinks_N.dtype().isFloating())) {
            throw new IllegalArgumentException("sinks must be [numHeads] of floats: got " + sinks_N);
        }
    }

    /// Makes a spec without cap and sinks.
    public AttentionSpec(Span span, double scale) {
        this(span, scale, NO_CAP, null);
    }

    /// Returns the usual factor, `1 / sqrt(headDim)`.
    public static AttentionSpec of(Span span, int headDim) {
        return new AttentionSpec(span, 1 / Math.sqrt(headDim));
    }

    /// Returns this spec with scores bounded by `softCap`.
    public AttentionSpec withSoftCap(double softCap) {
        return new AttentionSpec(span, scale, softCap, sinks_N);
    }

    /// Returns this spec with a sink for each query head.
    public AttentionSpec withSinks(Tensor sinks_N) {
        return new AttentionSpec(span, scale, softCap, sinks_N);
    }

    /// Returns whether scores are bounded.
    public boolean isCapped() {
        return softCap != NO_CAP;
    }
}
