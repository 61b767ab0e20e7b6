package org.zebralm.train;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Attention;
import org.zebralm.model.DecoderLayer;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// The history of one layer's forward pass, cut at the attention.
///
/// Autograd records what comes before the kernel (norm, projections, rotation) and what comes after it (output
/// projection, residuals, feed-forward) as two graphs; the kernel between them brings its own backward. The
/// input is a leaf of both.
final class LayerTape {
    private final DecoderLayer layer;
    private final AttentionKernel kernel;
    private final CumulativeLengths lengths;
    private final Tensor x_TD;
    private final Attention.Heads heads;
    private final AttentionOutput attended;
    private final Tensor attendedLeaf_TNH;
    private final Tensor y_TD;

    private LayerTape(
            DecoderLayer layer,
            AttentionKernel kernel,
            CumulativeLengths lengths,
            Tensor x_TD,
            Rope.Rotation rotation,
            @Nullable AttentionOutput known) {
        this.layer = layer;
        this.kernel = kernel;
        this.lengths = lengths;
        this.x_TD = x_TD.asLeaf();
        this.heads = layer.before(this.x_TD, rotation);
        this.attended = known != null
                ? known
                : kernel.forward(
                        layer.attention().spec(),
                        heads.q_TNH().detach(),
                        heads.k_TKH().detach(),
                        heads.v_TKH().detach(),
                        lengths);
        this.attendedLeaf_TNH = attended.out_TNH().asLeaf();
        this.y_TD = layer.after(this.x_TD, attendedLeaf_TNH);
    }

    /// Runs a layer forward on `[T, D]` and records what the way back needs; attention is left out if its output is
    /// `known`.
    static LayerTape record(
            DecoderLayer layer,
            AttentionKernel kernel,
            CumulativeLengths lengths,
            Tensor x_TD,
            Rope.Rotation rotation,
            @Nullable AttentionOutput known) {
        try (var _ = Autograd.recording(true)) {
            return new LayerTape(layer, kernel, lengths, x_TD, rotation, known);
        }
    }

    /// Returns the layer's output without history.
    Tensor output() {
        return y_TD.detach();
    }

    /// Lets what the way back needs live until `lifetime` ends.
    void keep(Lifetime lifetime) {
        for (Tensor tensor : List.of(
                x_TD,
                heads.q_TNH(),
                heads.k_TKH(),
                heads.v_TKH(),
                attended.out_TNH(),
                attended.logSumExp_NT(),
                attendedLeaf_TNH,
                y_TD)) {
            lifetime.keep(tensor);
        }
    }

    /// Adds to the gradients of the layer's parameters, and returns that of its input.
    Tensor backward(Tensor dy_TD) {
        Autograd.backward(List.of(y_TD), List.of(dy_TD));
        AttentionGradients gradients = kernel.backward(
                layer.attention().spec(),
                heads.q_TNH().detach(),
                heads.k_TKH().detach(),
                heads.v_TKH().detach(),
                lengths,
                attended,
                Objects.requireNonNull(attendedLeaf_TNH.grad()));
        Autograd.backward(
                List.of(heads.q_TNH(), heads.k_TKH(), heads.v_TKH()),
                List.of(gradients.dq_TNH(), gradients.dk_TKH(), gradients.dv_TKH()));
        Tensor sinks_N = layer.attention().spec().sinks_N();
        if (sinks_N != null) {
            Autograd.backward(List.of(sinks_N), List.of(Objects.requireNonNull(gradients.dSinks_N())));
        }
        return Objects.requireNonNull(x_TD.grad());
    }
}
