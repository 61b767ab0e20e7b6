package org.zebralm.model;

import org.zebralm.kernel.AttentionSpec;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Tensor;

/// The projections around a layer's attention, and what that attention sees.
///
/// The attention itself lies between [#project] and [#output], in a kernel that has an explicit backward:
/// training cuts its graph there. Axes: `T` tokens, `D` model width, `N` query heads, `K` key-value heads, `H`
/// head width.
public record Attention(
        Linear query,
        Linear key,
        Linear value,
        Linear out,
        AttentionSpec spec,
        int numHeads,
        int numKvHeads,
        int headDim) {
    static Attention load(Params params, ZebraConfig config, int layer, double initStd, double outputInitStd) {
        int queryWidth = config.numHeads() * config.headDim();
        int keyWidth = config.numKvHeads() * config.headDim();
        return new Attention(
                Linear.load(params.at("q_proj"), config.hiddenSize(), queryWidth, initStd),
                Linear.load(params.at("k_proj"), config.hiddenSize(), keyWidth, initStd),
                Linear.load(params.at("v_proj"), config.hiddenSize(), keyWidth, initStd),
                Linear.load(params.at("o_proj"), queryWidth, config.hiddenSize(), outputInitStd),
                AttentionSpec.of(config.attentionTypes().get(layer).span(), config.headDim()),
                config.numHeads(),
                config.numKvHeads(),
                config.headDim());
    }

    /// Returns rotated queries and keys, and values, of `[T, D]`.
    public Heads project(Tensor x_TD, Rope.Rotation rotation) {
        long tokens = x_TD.size(0);
        return new Heads(
                rotation.apply(query.forward(x_TD).reshape(tokens, numHeads, headDim)),
                rotation.apply(key.forward(x_TD).reshape(tokens, numKvHeads, headDim)),
                value.forward(x_TD).reshape(tokens, numKvHeads, headDim));
    }

    /// Maps what was attended to, `[T, N, H]`, back to `[T, D]`.
    public Tensor output(Tensor attended_TNH) {
        return out.forward(attended_TNH.reshape(attended_TNH.size(0), (long) numHeads * headDim));
    }

    /// Queries `[T, N, H]`, keys and values `[T, K, H]`.
    public record Heads(Tensor q_TNH, Tensor k_TKH, Tensor v_TKH) {}
}
