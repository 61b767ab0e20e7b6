package org.zebralm.model;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.Span;
import org.zebralm.nn.Init;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// The projections around a layer's attention, and what that attention sees.
///
/// The attention itself lies between [#project] and [#output], in a kernel that has an explicit backward:
/// training cuts its graph there. Axes: `T` tokens, `D` model width, `N` query heads, `K` key-value heads, `H`
/// head width.
///
/// @param queryNorm and `keyNorm` what is done to queries and keys before they are rotated, or null for nothing
public record Attention(
        Linear query,
        Linear key,
        Linear value,
        Linear out,
        @Nullable Norm queryNorm,
        @Nullable Norm keyNorm,
        AttentionSpec spec,
        int numHeads,
        int numKvHeads,
        int headDim) {
    static Attention load(Params params, ZebraConfig config, int layer, double initStd, double outputInitStd) {
        Architecture kind = config.architecture();
        int queryWidth = config.numHeads() * config.headDim();
        int keyWidth = config.numKvHeads() * config.headDim();
        boolean bias = kind.queryKeyValueBias();
        return new Attention(
                Linear.load(params.at("q_proj"), config.hiddenSize(), queryWidth, initStd, bias),
                Linear.load(params.at("k_proj"), config.hiddenSize(), keyWidth, initStd, bias),
                Linear.load(params.at("v_proj"), config.hiddenSize(), keyWidth, initStd, bias),
                Linear.load(params.at("o_proj"), queryWidth, config.hiddenSize(), outputInitStd, kind.outputBias()),
                norm(params.at("q_norm"), config, config.numHeads()),
                norm(params.at("k_norm"), config, config.numKvHeads()),
                spec(params, config, layer),
                config.numHeads(),
                config.numKvHeads(),
                config.headDim());
    }

    private static @Nullable Norm norm(Params params, ZebraConfig config, int heads) {
        Norm.Kind kind = config.architecture().norm();
        return switch (config.architecture().queryKeyNorm()) {
            case NONE -> null;
            case HEAD -> Norm.load(params, kind, config.headDim(), config.normEps());
            case PROJECTION -> Norm.load(params, kind, heads * config.headDim(), config.normEps());
        };
    }

    private static AttentionSpec spec(Params params, ZebraConfig config, int layer) {
        Architecture kind = config.architecture();
        double scale = kind.attentionScale() == 0 ? 1 / Math.sqrt(config.headDim()) : kind.attentionScale();
        Tensor sinks_N = kind.hasSinks() ? params.get("sinks", new Init.Zeros(), config.numHeads()) : null;
        double cap = kind.attentionSoftCap() == 0 ? AttentionSpec.NO_CAP : kind.attentionSoftCap();
        return new AttentionSpec(config.attentionTypes().get(layer).span(), scale, cap, sinks_N);
    }

    Attention withSpan(Span span) {
        return new Attention(
                query,
                key,
                value,
                out,
                queryNorm,
                keyNorm,
                new AttentionSpec(span, spec.scale(), spec.softCap(), spec.sinks_N()),
                numHeads,
                numKvHeads,
                headDim);
    }

    Attention packed(Lifetime lifetime) {
        return new Attention(
                query.packed(lifetime),
                key.packed(lifetime),
                value.packed(lifetime),
                out.packed(lifetime),
                queryNorm,
                keyNorm,
                spec,
                numHeads,
                numKvHeads,
                headDim);
    }

    /// Returns rotated queries and keys, and values, of `[T, D]`.
    public Heads project(Tensor x_TD, Rope.Rotation rotation) {
        List<Tensor> all = Linear.forwardAll(x_TD, query, key, value);
        return new Heads(
                rotation.consume(normed(queryNorm, all.get(0), numHeads)),
                rotation.consume(normed(keyNorm, all.get(1), numKvHeads)),
                heads(all.get(2), numKvHeads));
    }

    /// Normalises what the norm's width says: each head, or all of them together.
    private Tensor normed(@Nullable Norm norm, Tensor projected, int heads) {
        if (norm == null) {
            return heads(projected, heads);
        }
        return norm.weight().size(0) == headDim
                ? norm.forward(heads(projected, heads))
                : heads(norm.forward(projected), heads);
    }

    private Tensor heads(Tensor projected, int heads) {
        return projected.reshape(projected.size(0), heads, headDim);
    }

    /// Maps what was attended to, `[T, N, H]`, back to `[T, D]`.
    public Tensor output(Tensor attended_TNH) {
        return out.forward(attended_TNH.reshape(attended_TNH.size(0), (long) numHeads * headDim));
    }

    /// Queries `[T, N, H]`, keys and values `[T, K, H]`.
    public record Heads(Tensor q_TNH, Tensor k_TKH, Tensor v_TKH) {}
}
