package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.Sequence;
import org.zebralm.nn.Embedding;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Params;
import org.zebralm.nn.RmsNorm;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A local-global decoder: token ids to logits.
///
/// Parameters have Llama's names. Methods record history or not as the calling thread's
/// [org.zebralm.tensor.Autograd] mode says; they open
/// no scopes.
public record Zebra(
        ZebraConfig config,
        Embedding embedding,
        List<DecoderLayer> layers,
        RmsNorm norm,
        Linear head,
        Rope rope,
        AttentionKernel kernel) {
    private static final double EMBEDDING_STD = 0.02;

    /// Builds the model from a source of parameters.
    public static Zebra load(Params params, ZebraConfig config, AttentionKernel kernel) {
        Params model = params.at("model");
        int width = config.hiddenSize();
        // Small rows keep the first logits near zero, so that training starts at a loss of about ln(vocabSize) with
        // either kind of head.
        Embedding embedding = Embedding.load(model.at("embed_tokens"), config.vocabSize(), width, EMBEDDING_STD);
        List<DecoderLayer> layers = new ArrayList<>(config.numLayers());
        for (int i = 0; i < config.numLayers(); i++) {
            layers.add(DecoderLayer.load(model.at("layers").at(i), config, i));
        }
        return new Zebra(
                config,
                embedding,
                List.copyOf(layers),
                RmsNorm.load(model.at("norm"), width, config.rmsNormEps()),
                config.tieEmbeddings()
                        ? new Linear(embedding.weight())
                        : Linear.load(params.at("lm_head"), width, config.vocabSize(), EMBEDDING_STD),
                Rope.of(config.headDim(), config.ropeTheta()),
                kernel);
    }

    /// Returns the logits `[T, V]` of packed documents, each seen from its own beginning.
    public Tensor forward(int[] ids, CumulativeLengths lengths) {
        return logits(hidden(ids, lengths));
    }

    /// Returns the last layer's output `[T, D]` for packed documents, before the final norm.
    public Tensor hidden(int[] ids, CumulativeLengths lengths) {
        if (lengths.total() != ids.length) {
            throw new IllegalArgumentException(
                    "cumulative lengths must end at the number of ids: got " + lengths.total() + " and " + ids.length);
        }
        Rope.Rotation rotation = rope.at(lengths.positions());
        Tensor x_TD = embed(ids);
        for (DecoderLayer layer : layers) {
            x_TD = layer.forward(
                    x_TD,
                    rotation,
                    heads -> kernel.forward(
                                    layer.attention().spec(), heads.q_TNH(), heads.k_TKH(), heads.v_TKH(), lengths)
                            .out_TNH());
        }
        return x_TD;
    }

    /// Continues a sequence: returns the last layer's output `[T, D]` for `ids`, which follow what `cache` holds,
    /// and adds them to it.
    public Tensor hidden(int[] ids, KvCache cache) {
        int start = cache.length();
        int[] positions = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            positions[i] = start + i;
        }
        Rope.Rotation rotation = rope.at(positions);
        Tensor x_TD = embed(ids);
        for (int i = 0; i < layers.size(); i++) {
            DecoderLayer layer = layers.get(i);
            LayerCache layerCache = cache.layer(i);
            x_TD = layer.forward(x_TD, rotation, heads -> {
                var fresh = new KeyRange(heads.k_TKH(), heads.v_TKH(), start);
                var sequence = new Sequence(0, ids.length, start, layerCache.reachable(fresh));
                Tensor out_TNH = kernel.forward(layer.attention().spec(), heads.q_TNH(), List.of(sequence))
                        .out_TNH();
                layerCache.append(fresh);
                return out_TNH;
            });
        }
        cache.advance(ids.length);
        return x_TD;
    }

    /// Maps the last layer's output `[T, D]` to logits `[T, V]`.
    public Tensor logits(Tensor hidden_TD) {
        return head.forward(norm.forward(hidden_TD));
    }

    /// Maps ids to `[T, D]`.
    public Tensor embed(int... ids) {
        for (int id : ids) {
            if (id < 0 || id >= config.vocabSize()) {
                throw new IllegalArgumentException("a token id must be below vocabSize: got " + id
                        + " with a vocabulary of " + config.vocabSize());
            }
        }
        return embedding.forward(Tensors.ofIds(ids));
    }
}
