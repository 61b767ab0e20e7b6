package org.zebralm.model;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.Span;
import org.zebralm.nn.ExpertsFeedForward;
import org.zebralm.nn.FeedForward;
import org.zebralm.nn.GatedFeedForward;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// One layer: attention and feed-forward, each beside a residual, and norms where its [NormPlacement] has them.
///
/// Norms are named by what they do, and null where there is none; on disk `post_attention_layernorm` is Llama's
/// name for the norm before the feed-forward part, and Gemma's and OLMo's for the one after the attention.
///
/// @param isParallel whether the feed-forward part works on what the attention works on
public record DecoderLayer(
        @Nullable Norm inputNorm,
        Attention attention,
        @Nullable Norm postAttentionNorm,
        @Nullable Norm preFeedForwardNorm,
        FeedForward feedForward,
        @Nullable Norm postFeedForwardNorm,
        boolean isParallel) {
    private static final String INPUT = "input_layernorm";
    private static final String POST_ATTENTION = "post_attention_layernorm";
    private static final String PRE_FEED_FORWARD = "pre_feedforward_layernorm";
    private static final String POST_FEED_FORWARD = "post_feedforward_layernorm";

    static DecoderLayer load(Params params, ZebraConfig config, int layer) {
        double std = 1 / Math.sqrt(config.hiddenSize());
        // Residual branches add up over the layers: GPT-2's scaling of what writes into the stream keeps its
        // variance level.
        double outputStd = std / Math.sqrt(2 * config.numLayers());
        NormPlacement placement = config.architecture().normPlacement();
        boolean before = placement != NormPlacement.AFTER;
        boolean after = placement == NormPlacement.AFTER || placement == NormPlacement.AROUND;
        return new DecoderLayer(
                before ? norm(params, INPUT, config) : null,
                Attention.load(params.at("self_attn"), config, layer, std, outputStd),
                after ? norm(params, POST_ATTENTION, config) : null,
                switch (placement) {
                    case BEFORE -> norm(params, POST_ATTENTION, config);
                    case AROUND -> norm(params, PRE_FEED_FORWARD, config);
                    case AFTER, PARALLEL -> null;
                },
                feedForward(params.at("mlp"), config, std, outputStd),
                after ? norm(params, POST_FEED_FORWARD, config) : null,
                placement == NormPlacement.PARALLEL);
    }

    private static Norm norm(Params params, String name, ZebraConfig config) {
        return Norm.load(params.at(name), config.architecture().norm(), config.hiddenSize(), config.normEps());
    }

    private static FeedForward feedForward(Params params, ZebraConfig config, double std, double outputStd) {
        Architecture kind = config.architecture();
        int width = config.hiddenSize();
        Experts experts = kind.experts();
        return experts == null
                ? GatedFeedForward.load(
                        params,
                        width,
                        config.intermediateSize(),
                        std,
                        outputStd,
                        kind.activation(),
                        kind.feedForwardBias())
                : ExpertsFeedForward.load(
                        params, width, config.intermediateSize(), experts.count(), experts.perToken(), std, outputStd);
    }

    /// Returns this layer with another reach of its attention.
    DecoderLayer withSpan(Span span) {
        return with(attention.withSpan(span), feedForward);
    }

    DecoderLayer packed(Lifetime lifetime) {
        return with(
                attention.packed(lifetime),
                feedForward instanceof GatedFeedForward gated ? gated.packed(lifetime) : feedForward);
    }

    private DecoderLayer with(Attention otherAttention, FeedForward otherFeedForward) {
        return new DecoderLayer(
                inputNorm,
                otherAttention,
                postAttentionNorm,
                preFeedForwardNorm,
                otherFeedForward,
                postFeedForwardNorm,
                isParallel);
    }

    /// Maps `[T, D]` to `[T, D]`; `attend` is the attention over whatever keys the caller has.
    public Tensor forward(Tensor x_TD, Rope.Rotation rotation, Function<Attention.Heads, Tensor> attend) {
        return after(x_TD, attend.apply(before(x_TD, rotation)));
    }

    /// Computes what comes before the attention.
    public Attention.Heads before(Tensor x_TD, Rope.Rotation rotation) {
        return attention.project(normed(inputNorm, x_TD), rotation);
    }

    /// Computes what comes after the attention: the two residual lines.
    public Tensor after(Tensor x_TD, Tensor attended_TNH) {
        Tensor h_TD = x_TD.add(normed(postAttentionNorm, attention.output(attended_TNH)));
        Tensor input_TD = isParallel ? normed(inputNorm, x_TD) : normed(preFeedForwardNorm, h_TD);
        return h_TD.add(normed(postFeedForwardNorm, feedForward.forward(input_TD)));
    }

    private static Tensor normed(@Nullable Norm norm, Tensor x_TD) {
        return norm == null ? x_TD : norm.forward(x_TD);
    }
}
