package org.zebralm.nn;

import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// SwiGLU (arXiv 2002.05202): `down(silu(gate(x)) * up(x))`.
public record FeedForward(Linear gate, Linear up, Linear down) {
    public static FeedForward load(Params params, int width, int innerWidth, double initStd, double outputInitStd) {
        return new FeedForward(
                Linear.load(params.at("gate_proj"), width, innerWidth, initStd),
                Linear.load(params.at("up_proj"), width, innerWidth, initStd),
                Linear.load(params.at("down_proj"), innerWidth, width, outputInitStd));
    }

    /// Maps `[T, D]` to `[T, D]`.
    public Tensor forward(Tensor x_TD) {
        return down.forward(Functional.silu(gate.forward(x_TD)).mul(up.forward(x_TD)));
    }
}
