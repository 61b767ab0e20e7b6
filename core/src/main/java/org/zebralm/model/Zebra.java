package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.Sequence;
import org.zebralm.nn.Embedding;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Params;
import org.zebralm.nn.RmsNorm;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A local-global decoder: token ids to logits.
///
/// Parameters have Llama's names. A pass through the whole model ([#forward], [#hidden]) is for inference and
/// records no history; training walks the [#layers] itself, cutting its graph at each attention.
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
        return walk(
                ids,
                rope.at(lengths.positions()),
                (layer, heads) -> attend(layer, heads, Sequence.packed(heads.k_TKH(), heads.v_TKH(), lengths)));
    }

    /// Continues a sequence: returns the last layer's output `[T, D]` for `ids`, which follow what `cache`
    /// holds, and adds them to it.
    public Tensor hidden(int[] ids, KvCache cache) {
        if (ids.length == 0) {
            throw new IllegalArgumentException("a sequence is continued by at least one id: got none");
        }
        cache.requireDType(embedding.weight().dtype());
        int start = cache.length();
        int[] positions = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            positions[i] = start + i;
        }
        Tensor x_TD = walk(ids, rope.at(positions), (layer, heads) -> {
            LayerCache layerCache = cache.layer(layer);
            var fresh = new KeyRange(heads.k_TKH(), heads.v_TKH(), start);
            var sequence = new Sequence(0, ids.length, start, layerCache.reachable(fresh));
            Tensor out_TNH = attend(layer, heads, List.of(sequence));
            layerCache.append(fresh);
            return out_TNH;
        });
        cache.advance(ids.length);
        return x_TD;
    }

    /// Passes `ids` through the layers; `attend` is given each layer's index.
    ///
    /// History would have a hole at every attention, and gradients through it would be wrong without a word:
    /// none is recorded. A layer's intermediates are freed before the next layer runs.
    private Tensor walk(int[] ids, Rope.Rotation rotation, BiFunction<Integer, Attention.Heads, Tensor> attend) {
        try (var _ = Autograd.recording(false)) {
            Tensor x_TD = embed(ids);
            for (int i = 0; i < layers.size(); i++) {
                int layer = i;
                try (var scope = Scope.open()) {
                    x_TD = scope.keep(layers.get(layer).forward(x_TD, rotation, heads -> attend.apply(layer, heads)));
                }
            }
            return x_TD;
        }
    }

    private Tensor attend(int layer, Attention.Heads heads, List<Sequence> sequences) {
        return kernel.forward(layers.get(layer).attention().spec(), heads.q_TNH(), sequences)
                .out_TNH();
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
