package org.zebralm.train;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.DecoderLayer;
import org.zebralm.model.Zebra;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Forward and backward of one micro-batch, layer by layer.
///
/// With [TrainConfig.Recompute#LAYER] only the input of each layer is kept on the way forward; on the way back
/// a layer is run again and back-propagated at once, so that the activations of one layer exist at a time. With
/// [TrainConfig.Recompute#NONE] every layer's tape is kept.
final class LayerWalk {
    private final Zebra zebra;
    private final Parameters parameters;
    private final LossHead head;
    private final boolean recompute;

    LayerWalk(Zebra zebra, Parameters parameters, TrainConfig config) {
        this.zebra = zebra;
        this.parameters = parameters;
        this.head = new LossHead(zebra, config.loss());
        this.recompute = config.recompute() == TrainConfig.Recompute.LAYER;
    }

    /// Adds the gradients of `factor` times the summed loss to the parameters, and returns that sum.
    double run(int[] inputs, int[] targets, CumulativeLengths lengths, double factor, StepClock clock) {
        clock.forward();
        try (var _ = Scope.open();
                var lifetime = new Lifetime();
                var _ = Autograd.recording(false)) {
            Rope.Rotation rotation = zebra.rope().at(lengths.positions());
            Tensor embedded_TD = embed(inputs);
            List<LayerTape> tapes = new ArrayList<>();
            List<Tensor> xs_TD = new ArrayList<>();
            Tensor x_TD = lifetime.keep(embedded_TD.detach());
            for (DecoderLayer layer : zebra.layers()) {
                if (recompute) {
                    xs_TD.add(x_TD);
                    x_TD = forwardOnly(layer, x_TD, rotation, lengths, lifetime);
                } else {
                    LayerTape tape = LayerTape.record(layer, zebra.kernel(), lengths, x_TD, rotation);
                    tapes.add(tape);
                    x_TD = tape.output();
                }
            }
            clock.backward();
            Tensor dx_TD = lifetime.keep(Tensors.empty(x_TD.dtype(), x_TD.shape()));
            double loss = head.backward(x_TD, targets, factor, dx_TD);
            for (int i = zebra.layers().size() - 1; i >= 0; i--) {
                Tensor dy_TD = dx_TD;
                try (var _ = Scope.open()) {
                    LayerTape tape = recompute
                            ? LayerTape.record(zebra.layers().get(i), zebra.kernel(), lengths, xs_TD.get(i), rotation)
                            : tapes.get(i);
                    dx_TD = lifetime.keep(tape.backward(dy_TD));
                }
                lifetime.drop(dy_TD);
                if (recompute) {
                    lifetime.drop(xs_TD.get(i));
                }
            }
            Autograd.backward(List.of(embedded_TD), List.of(dx_TD));
            parameters.collectGradients();
            return loss;
        }
    }

    private Tensor embed(int... inputs) {
        try (var _ = Autograd.recording(true)) {
            return zebra.embed(inputs);
        }
    }

    private Tensor forwardOnly(
            DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths, Lifetime lifetime) {
        try (var _ = Scope.open()) {
            return lifetime.keep(layer.forward(
                    x_TD,
                    rotation,
                    heads -> zebra.kernel()
                            .forward(layer.attention().spec(), heads.q_TNH(), heads.k_TKH(), heads.v_TKH(), lengths)
                            .out_TNH()));
        }
    }
}
