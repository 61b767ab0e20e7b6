package org.zebralm.nn;

import org.zebralm.tensor.Tensor;

/// A norm over the last axis, as one of the kinds that decoders use.
public sealed interface Norm permits RmsNorm, OffsetRmsNorm, LayerNorm {
    Tensor weight();

    Tensor forward(Tensor x);

    /// Which norm a decoder has.
    enum Kind {
        /// `x / rms(x) * w`.
        RMS,
        /// `x / rms(x) * (1 + w)` (Gemma).
        OFFSET_RMS,
        /// `(x - mean(x)) / std(x) * w`, without a bias (Cohere).
        LAYER
    }

    /// Loads a norm of this kind over rows of `width`.
    static Norm load(Params params, Kind kind, int width, double eps) {
        return switch (kind) {
            case RMS -> RmsNorm.load(params, width, eps);
            case OFFSET_RMS -> new OffsetRmsNorm(params.get("weight", new Init.Zeros(), width), eps);
            case LAYER -> new LayerNorm(params.get("weight", new Init.Ones(), width), eps);
        };
    }
}
