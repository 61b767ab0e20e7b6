package org.zebralm.train;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.RowKernels;
import org.zebralm.model.Architecture;
import org.zebralm.model.DecoderLayer;
import org.zebralm.model.Zebra;
import org.zebralm.nn.Inference;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Forward and backward of one micro-batch, layer by layer.
///
/// What a layer keeps for the way back is its [LayerTrace]'s affair, by the run's [Recompute]; beyond that the
/// activations of one layer exist at a time. Where the attention kernel brings [RowKernels] and the decoder is
/// Llama's, gradients are written out ([FusedPass], [FusedLoss]); elsewhere they are libtorch's ([AutogradPass],
/// [LossHead]).
final class LayerWalk {
    /// Rows of the embedding's gradient that are widened to float32 at a time.
    private static final int EMBEDDING_CHUNK = 8192;

    private final Zebra zebra;
    private final Parameters parameters;
    private final LayerPass layers;
    private final LossPass loss;

    /// @param recompute what is computed again; decided, not [Recompute#AUTO]
    LayerWalk(Zebra zebra, Parameters parameters, LossConfig lossConfig, Recompute recompute) {
        this.zebra = zebra;
        this.parameters = parameters;
        Optional<RowKernels> rows = zebra.kernel().rows();
        if (rows.isPresent() && zebra.config().architecture().equals(Architecture.LLAMA)) {
            layers = new FusedPass(zebra.kernel(), rows.get(), parameters, recompute);
            loss = new FusedLoss(zebra, rows.get(), parameters, lossConfig);
        } else {
            layers = new AutogradPass(zebra.kernel(), recompute);
            loss = new LossHead(zebra, lossConfig);
        }
    }

    /// Adds the gradients of `factor` times the summed loss to the parameters, and returns that sum.
    double run(int[] inputs, int[] targets, CumulativeLengths lengths, double factor, StepClock clock) {
        clock.forward();
        Deque<LayerTrace> traces = new ArrayDeque<>();
        try (var _ = Scope.open();
                var current = new Lifetime();
                var _ = Autograd.recording(false);
                var _ = Inference.withheld()) {
            List<Rope.Rotation> rotations = zebra.rotations(lengths.positions());
            Tensor x_TD = embed(inputs, current);
            for (int i = 0; i < zebra.layers().size(); i++) {
                DecoderLayer layer = zebra.layers().get(i);
                Tensor input_TD = x_TD;
                try (var _ = Scope.open()) {
                    LayerTrace trace = layers.forward(layer, input_TD, rotations.get(i), lengths);
                    traces.push(trace);
                    x_TD = current.keep(trace.output());
                }
                current.drop(input_TD);
            }
            clock.backward();
            Tensor dx_TD = like(x_TD, current);
            double sum = loss.backward(x_TD, targets, factor, dx_TD);
            current.drop(x_TD);
            while (!traces.isEmpty()) {
                Tensor dy_TD = dx_TD;
                try (var _ = Scope.open();
                        LayerTrace trace = traces.pop()) {
                    dx_TD = current.keep(trace.backward(dy_TD));
                }
                current.drop(dy_TD);
            }
            addEmbeddingGradient(Tensors.ofIds(inputs), dx_TD);
            parameters.collectGradients();
            return sum;
        } finally {
            traces.forEach(LayerTrace::close);
        }
    }

    private Tensor embed(int[] inputs, Lifetime lifetime) {
        try (var _ = Scope.open()) {
            return lifetime.keep(zebra.embed(inputs));
        }
    }

    private static Tensor like(Tensor x, Lifetime lifetime) {
        try (var _ = Scope.open()) {
            return lifetime.keep(Tensors.empty(x.dtype(), x.shape()));
        }
    }

    /// Sums in float32: a frequent token's row is added to thousands of times.
    private void addEmbeddingGradient(Tensor ids_T, Tensor dx_TD) {
        Tensor gradient_VD = parameters.gradient(zebra.embedding().weight());
        double scale = zebra.config().architecture().embeddingScale();
        for (long from = 0; from < ids_T.size(0); from += EMBEDDING_CHUNK) {
            long n = Math.min(EMBEDDING_CHUNK, ids_T.size(0) - from);
            try (var _ = Scope.open()) {
                gradient_VD.addRowsInPlace(
                        ids_T.narrow(0, from, n),
                        dx_TD.narrow(0, from, n).to(DType.FLOAT32).mul(scale));
            }
        }
    }
}
