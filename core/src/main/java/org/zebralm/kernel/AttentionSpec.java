package org.zebralm.kernel;

/// What one layer's attention computes: who sees whom, and the factor on the scores.
public record AttentionSpec(Span span, double scale) {
    public AttentionSpec {
        if (!Double.isFinite(scale) || scale == 0) {
            throw new IllegalArgumentException("scale must be finite and not 0: got " + scale);
        }
    }

    /// Returns the usual factor, `1 / sqrt(headDim)`.
    public static AttentionSpec of(Span span, int headDim) {
        return new AttentionSpec(span, 1 / Math.sqrt(headDim));
    }
}
