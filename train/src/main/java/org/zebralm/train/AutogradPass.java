package org.zebralm.train;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.DecoderLayer;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// Layers by libtorch's automatic gradients, cut at the attention: any layer, device and element type, and the oracle
/// of
/// [FusedPass].
///
/// Leaves collect gradients, which [Parameters#collectGradients] takes.
record AutogradPass(AttentionKernel kernel, Recompute recompute) implements LayerPass {
    @Override
    public LayerTrace forward(DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths) {
        return new Trace(layer, x_TD, rotation, lengths);
    }

    private final class Trace implements LayerTrace {
        private final Lifetime kept = new Lifetime();
        private final DecoderLayer layer;
        private final Tensor x_TD;
        private final Rope.Rotation rotation;
        private final CumulativeLengths lengths;
        private final Tensor output_TD;

        /// Lives in the caller's scope, which ends after the way back where nothing is computed again.
        private final @Nullable LayerTape tape;

        private final @Nullable AttentionOutput attended;

        Trace(DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths) {
            this.layer = layer;
            this.x_TD = kept.keep(x_TD);
            this.rotation = rotation;
            this.lengths = lengths;
            if (recompute == Recompute.NONE) {
                tape = LayerTape.record(layer, kernel, lengths, x_TD, rotation, null);
                attended = null;
                output_TD = tape.output();
                tape.keep(kept);
            } else {
                AttentionOutput[] out = new AttentionOutput[1];
                tape = null;
                output_TD = layer.forward(x_TD, rotation, heads -> {
                    out[0] = kernel.forward(
                            layer.attention().spec(), heads.q_TNH(), heads.k_TKH(), heads.v_TKH(), lengths);
                    return out[0].out_TNH();
                });
                attended = recompute == Recompute.ATTENTION ? Objects.requireNonNull(out[0]) : null;
                if (attended != null) {
                    kept.keep(attended.out_TNH());
                    kept.keep(attended.logSumExp_NT());
                }
            }
        }

        @Override
        public Tensor output() {
            return output_TD;
        }

        @Override
        public Tensor backward(Tensor dy_TD) {
            LayerTape recorded =
                    tape != null ? tape : LayerTape.record(layer, kernel, lengths, x_TD, rotation, attended);
            return recorded.backward(dy_TD);
        }

        @Override
        public void close() {
            kept.close();
        }
    }
}
