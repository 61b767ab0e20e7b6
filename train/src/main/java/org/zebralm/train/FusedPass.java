package org.zebralm.train;

import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.RowKernels;
import org.zebralm.model.Attention;
import org.zebralm.model.DecoderLayer;
import org.zebralm.nn.GatedFeedForward;
import org.zebralm.nn.Linear;
import org.zebralm.nn.RmsNorm;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Layers of Llama's architecture with gradients written out: libtorch for the matrix products, our kernels for all
/// that lies between.
///
/// A row of the norm, the rotation, SwiGLU passes memory once each way, activations are overwritten by their
/// gradients, and the feed-forward part is walked [#CHUNK] tokens at a time, so that its wide activations do not grow
/// with the sequence. Chunks are the same whatever is kept, hence the numbers too.
record FusedPass(AttentionKernel kernel, RowKernels rows, Parameters parameters, Recompute recompute)
        implements LayerPass {
    /// Enough rows for matrix products to run at their full rate.
    static final int CHUNK = 4096;

    @Override
    public LayerTrace forward(DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths) {
        return new Trace(layer, x_TD, rotation, lengths);
    }

    /// Computes in a scope of its own; the result alone goes to the caller's.
    private static Tensor only(Supplier<Tensor> work) {
        try (var carried = new Lifetime()) {
            Tensor result;
            try (var _ = Scope.open()) {
                result = carried.keep(work.get());
            }
            return result.detach();
        }
    }

    private final class Trace implements LayerTrace {
        private final Lifetime kept = new Lifetime();
        private final DecoderLayer layer;
        private final RmsNorm inputNorm;
        private final RmsNorm preFeedForwardNorm;
        private final GatedFeedForward feedForward;
        private final Rope.Rotation rotation;
        private final CumulativeLengths lengths;
        private final Tensor x_TD;
        private final Tensor output_TD;
        private final Attention.@Nullable Heads heads;
        private final @Nullable AttentionOutput attended;
        private final @Nullable Tensor h_TD;
        private final @Nullable Tensor gate_TF;
        private final @Nullable Tensor up_TF;

        Trace(DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths) {
            this.layer = layer;
            this.inputNorm = (RmsNorm) Objects.requireNonNull(layer.inputNorm());
            this.preFeedForwardNorm = (RmsNorm) Objects.requireNonNull(layer.preFeedForwardNorm());
            this.feedForward = (GatedFeedForward) layer.feedForward();
            this.rotation = rotation;
            this.lengths = lengths;
            this.x_TD = kept.keep(x_TD);
            boolean keepsAll = recompute == Recompute.NONE;
            Attention.Heads projected = project();
            AttentionOutput out = attend(projected);
            Tensor residual_TD = afterAttention(out);
            if (keepsAll) {
                gate_TF = kept.keep(wide());
                up_TF = kept.keep(wide());
                h_TD = kept.keep(residual_TD);
                heads = projected;
                kept.keep(projected.q_TNH());
                kept.keep(projected.k_TKH());
                kept.keep(projected.v_TKH());
            } else {
                gate_TF = null;
                up_TF = null;
                h_TD = null;
                heads = null;
            }
            attended = recompute == Recompute.LAYER ? null : out;
            if (attended != null) {
                kept.keep(attended.out_TNH());
                kept.keep(attended.logSumExp_NT());
            }
            output_TD = feedForward(residual_TD);
        }

        @Override
        public Tensor output() {
            return output_TD;
        }

        @Override
        public Tensor backward(Tensor dy_TD) {
            Attention.Heads projected = heads != null ? heads : project();
            AttentionOutput out = attended != null ? attended : attend(projected);
            Tensor residual_TD = h_TD != null ? h_TD : afterAttention(out);
            // The residual line carries dy through; every part adds its own to it.
            Tensor dx_TD = dy_TD.copy();
            feedForwardBack(residual_TD, dy_TD, dx_TD);
            Tensor dOut_TNH = only(() -> back(layer.attention().out(), flat(out.out_TNH()), dx_TD)
                    .reshape(out.out_TNH().shape()));
            AttentionGradients gradients = kernel.backward(
                    layer.attention().spec(),
                    projected.q_TNH(),
                    projected.k_TKH(),
                    projected.v_TKH(),
                    lengths,
                    out,
                    dOut_TNH);
            projectBack(gradients, dx_TD);
            return dx_TD;
        }

        @Override
        public void close() {
            kept.close();
        }

        private Attention.Heads project() {
            Attention attention = layer.attention();
            Tensor normed_TD = norm(inputNorm, x_TD);
            Tensor q_TNH = heads(attention.query().product(normed_TD), attention.numHeads());
            Tensor k_TKH = heads(attention.key().product(normed_TD), attention.numKvHeads());
            Tensor v_TKH = heads(attention.value().product(normed_TD), attention.numKvHeads());
            rows.rotate(q_TNH, rotation.cos_T1h(), rotation.sin_T1h(), false);
            rows.rotate(k_TKH, rotation.cos_T1h(), rotation.sin_T1h(), false);
            return new Attention.Heads(q_TNH, k_TKH, v_TKH);
        }

        private Tensor heads(Tensor x_TD, int count) {
            return x_TD.reshape(x_TD.size(0), count, layer.attention().headDim());
        }

        private AttentionOutput attend(Attention.Heads projected) {
            return kernel.forward(
                    layer.attention().spec(), projected.q_TNH(), projected.k_TKH(), projected.v_TKH(), lengths);
        }

        private Tensor afterAttention(AttentionOutput out) {
            return layer.attention().out().product(flat(out.out_TNH())).addInPlace(x_TD);
        }

        private void projectBack(AttentionGradients gradients, Tensor dx_TD) {
            Attention attention = layer.attention();
            rows.rotate(gradients.dq_TNH(), rotation.cos_T1h(), rotation.sin_T1h(), true);
            rows.rotate(gradients.dk_TKH(), rotation.cos_T1h(), rotation.sin_T1h(), true);
            try (var _ = Scope.open()) {
                Tensor normed_TD = norm(inputNorm, x_TD);
                Tensor dNormed_TD = back(attention.query(), normed_TD, flat(gradients.dq_TNH()));
                addBack(attention.key(), normed_TD, flat(gradients.dk_TKH()), dNormed_TD);
                addBack(attention.value(), normed_TD, flat(gradients.dv_TKH()), dNormed_TD);
                normBack(inputNorm, x_TD, dNormed_TD, dx_TD);
            }
        }

        /// Room for the gate's or the other inner activations of the whole sequence.
        private Tensor wide() {
            return Tensors.empty(
                    x_TD.dtype(), x_TD.size(0), feedForward.gate().weight().size(0));
        }

        /// Returns the residual line with the feed-forward part added, filling what is kept of it.
        private Tensor feedForward(Tensor h_TD) {
            Tensor y_TD = h_TD.copy();
            for (int from = 0; from < h_TD.size(0); from += CHUNK) {
                try (var _ = Scope.open()) {
                    Tensor h_CD = chunk(h_TD, from);
                    Tensor normed_CD = norm(preFeedForwardNorm, h_CD);
                    Tensor gate_CF = feedForward.gate().product(normed_CD);
                    Tensor up_CF = feedForward.up().product(normed_CD);
                    if (gate_TF != null && up_TF != null) {
                        chunk(gate_TF, from).copyInPlace(gate_CF);
                        chunk(up_TF, from).copyInPlace(up_CF);
                    }
                    Tensor inner_CF = rows.swiglu(gate_CF, up_CF);
                    chunk(y_TD, from).addInPlace(feedForward.down().product(inner_CF));
                }
            }
            return y_TD;
        }

        private void feedForwardBack(Tensor h_TD, Tensor dy_TD, Tensor dx_TD) {
            Linear gate = feedForward.gate();
            Linear up = feedForward.up();
            for (int from = 0; from < h_TD.size(0); from += CHUNK) {
                try (var _ = Scope.open()) {
                    Tensor h_CD = chunk(h_TD, from);
                    Tensor dy_CD = chunk(dy_TD, from);
                    Tensor normed_CD = norm(preFeedForwardNorm, h_CD);
                    Tensor gate_CF = gate_TF != null ? chunk(gate_TF, from) : gate.product(normed_CD);
                    Tensor up_CF = up_TF != null ? chunk(up_TF, from) : up.product(normed_CD);
                    Linear down = feedForward.down();
                    Tensor inner_CF = dy_CD.matmul(down.weight()); // its gradient, until the next line
                    rows.swigluGradients(gate_CF, up_CF, inner_CF);
                    parameters.addProduct(down.weight(), dy_CD, inner_CF);
                    Tensor dNormed_CD = back(gate, normed_CD, gate_CF);
                    addBack(up, normed_CD, up_CF, dNormed_CD);
                    normBack(preFeedForwardNorm, h_CD, dNormed_CD, chunk(dx_TD, from));
                }
            }
        }

        private Tensor norm(RmsNorm norm, Tensor x_TD) {
            return rows.rmsNorm(x_TD, norm.weight(), norm.eps());
        }

        private void normBack(RmsNorm norm, Tensor x_TD, Tensor dy_TD, Tensor dx_TD) {
            rows.addRmsNormGradients(x_TD, norm.weight(), norm.eps(), dy_TD, dx_TD, parameters.gradient(norm.weight()));
        }

        /// Returns the gradient of a product's input, having added that of its weight.
        private Tensor back(Linear linear, Tensor x_TI, Tensor dy_TO) {
            parameters.addProduct(linear.weight(), dy_TO, x_TI);
            return dy_TO.matmul(linear.weight());
        }

        private void addBack(Linear linear, Tensor x_TI, Tensor dy_TO, Tensor dx_TI) {
            parameters.addProduct(linear.weight(), dy_TO, x_TI);
            dx_TI.addMatmulInPlace(dy_TO, linear.weight());
        }

        private static Tensor flat(Tensor x_TNH) {
            return x_TNH.reshape(x_TNH.size(0), x_TNH.size(1) * x_TNH.size(2));
        }

        private static Tensor chunk(Tensor x_TD, int from) {
            return x_TD.narrow(0, from, Math.min(CHUNK, x_TD.size(0) - from));
        }
    }
}
