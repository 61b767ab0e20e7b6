package org.zebralm.nn;

import java.util.List;
import java.util.Optional;
import org.zebralm.kernel.RowKernels;
import org.zebralm.tensor.Lifetime;
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

    /// Returns this part with weights of 8 bits packed for few rows.
    public GatedFeedForward packed(Lifetime lifetime) {
        return new GatedFeedForward(gate.packed(lifetime), up.packed(lifetime), down.packed(lifetime), activation);
    }

    @Override
    public Tensor forward(Tensor x_TD) {
        List<Tensor> both = Linear.forwardAll(x_TD, gate, up);
        Tensor gate_TF = both.get(0);
        Tensor up_TF = both.get(1);
        Optional<RowKernels> rows = activation == Activation.SILU ? Inference.rows(x_TD) : Optional.empty();
        return down.forward(
                rows.isPresent()
                        ? rows.get().swiglu(gate_TF, up_TF)
                        : activation.apply(gate_TF).mul(up_TF));
    }
}
