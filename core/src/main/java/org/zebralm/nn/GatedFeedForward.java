package org.zebralm.nn;

import org.zebralm.tensor.Tensor;

/// A gated linear unit (arXiv 2002.05202): `down(act(gate(x)) * up(x))`, SwiGLU where the activation is SiLU.
public record GatedFeedForward(Linear gate, Linear up, Linear down, Activation activation) implements FeedForward {
    public static GatedFeedForward load(
            Params params,
            int width,
            int innerWidth,
            double initStd,
            double outputInitStd,
            Activation activation,
            boolean hasBias) {
        return new GatedFeedForward(
                Linear.load(params.at("gate_proj"), width, innerWidth, initStd, hasBias),
                Linear.load(params.at("up_proj"), width, innerWidth, initStd, hasBias),
                Linear.load(params.at("down_proj"), innerWidth, width, outputInitStd, hasBias),
                activation);
    }

    @Override
    public Tensor forward(Tensor x_TD) {
        return down.forward(activation.apply(gate.forward(x_TD)).mul(up.forward(x_TD)));
    }
}
