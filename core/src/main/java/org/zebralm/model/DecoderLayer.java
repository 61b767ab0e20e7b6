package org.zebralm.model;

import java.util.function.Function;
import org.zebralm.nn.FeedForward;
import org.zebralm.nn.Params;
import org.zebralm.nn.RmsNorm;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Tensor;

/// One layer: attention and feed-forward, each behind a norm and beside a residual.
public record DecoderLayer(RmsNorm inputNorm, Attention attention, RmsNorm postAttentionNorm, FeedForward feedForward) {
    static DecoderLayer load(Params params, ZebraConfig config, int layer) {
        double std = 1 / Math.sqrt(config.hiddenSize());
        // Residual branches add up over the layers: GPT-2's scaling of what writes into the stream keeps its
        // variance level.
        double outputStd = std / Math.sqrt(2 * config.numLayers());
        int width = config.hiddenSize();
        return new DecoderLayer(
                RmsNorm.load(params.at("input_layernorm"), width, config.rmsNormEps()),
                Attention.load(params.at("self_attn"), config, layer, std, outputStd),
                RmsNorm.load(params.at("post_attention_layernorm"), width, config.rmsNormEps()),
                FeedForward.load(params.at("mlp"), width, config.intermediateSize(), std, outputStd));
    }

    /// Maps `[T, D]` to `[T, D]`; `attend` is the attention over whatever keys the caller has.
    public Tensor forward(Tensor x_TD, Rope.Rotation rotation, Function<Attention.Heads, Tensor> attend) {
        return after(x_TD, attend.apply(before(x_TD, rotation)));
    }

    /// Computes what comes before the attention.
    public Attention.Heads before(Tensor x_TD, Rope.Rotation rotation) {
        return attention.project(inputNorm.forward(x_TD), rotation);
    }

    /// Computes what comes after the attention: the two residual lines.
    public Tensor after(Tensor x_TD, Tensor attended_TNH) {
        Tensor h_TD = x_TD.add(attention.output(attended_TNH));
        return h_TD.add(feedForward.forward(postAttentionNorm.forward(h_TD)));
    }
}
