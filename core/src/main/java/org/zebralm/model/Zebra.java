package org.zebralm.model;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.BiFunction;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.Sequence;
import org.zebralm.kernel.Weight;
import org.zebralm.nn.Embedding;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Params;
import org.zebralm.nn.Rope;
import org.zebralm.nn.RopeConfig;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A local-global decoder: token ids to logits.
///
/// Parameters have the names they have in Hugging Face's checkpoints. A pass through the whole model ([#forward],
/// [#hidden]) is for inference and
/// records no history; training walks the [#layers] itself, cutting its graph at each attention.
///
/// @param ropes each layer's, the same one where their configs are equal
/// @param parameters all of them by name, in the order in which the model asked for them; a tied head is not among
///     them
public record Zebra(
        ZebraConfig config,
        Embedding embedding,
        List<DecoderLayer> layers,
        Norm norm,
        Linear head,
        List<Rope> ropes,
        AttentionKernel kernel,
        SequencedMap<String, Tensor> parameters) {
    private static final double EMBEDDING_STD = 0.02;

    /// Builds the model from a source of parameters.
    public static Zebra load(Params params, ZebraConfig config, AttentionKernel kernel) {
        SequencedMap<String, Tensor> parameters = new LinkedHashMap<>();
        Params noted = params.noting(parameters::put);
        Params model = noted.at("model");
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
                Norm.load(model.at("norm"), config.architecture().norm(), width, config.normEps()),
                config.tieEmbeddings()
                        ? new Linear(embedding.matrix(), null)
                        : Linear.load(noted.at("lm_head"), width, config.vocabSize(), EMBEDDING_STD),
                ropes(config),
                kernel,
                Collections.unmodifiableSequencedMap(parameters));
    }

    private static List<Rope> ropes(ZebraConfig config) {
        Map<RopeConfig, Rope> distinct = new HashMap<>();
        return config.ropes().stream()
                .map(rope -> distinct.computeIfAbsent(
                        rope,
                        one -> Rope.of(
                                one, config.headDim(), config.architecture().rotaryPairs())))
                .toList();
    }

    /// Returns the type that the model computes in; quantized weights are another matter.
    public DType dtype() {
        return embedding.matrix() instanceof DenseWeight(Tensor dense)
                ? dense.dtype()
                : norm.weight().dtype();
    }

    /// Returns a model of the same weights whose layers attend as `types` say.
    public Zebra withAttentionTypes(List<AttentionType> types) {
        ZebraConfig changed = config.withAttentionTypes(types);
        List<DecoderLayer> others = new ArrayList<>(layers.size());
        for (int i = 0; i < layers.size(); i++) {
            others.add(layers.get(i).withSpan(types.get(i).span()));
        }
        return new Zebra(changed, embedding, List.copyOf(others), norm, head, ropes, kernel, parameters);
    }

    /// Returns this model with its matrices of 8 bits packed for products of few rows, in memory that `lifetime` keeps.
    public Zebra packed(Lifetime lifetime) {
        List<DecoderLayer> others =
                layers.stream().map(layer -> layer.packed(lifetime)).toList();
        return new Zebra(config, embedding, others, norm, head.packed(lifetime), ropes, kernel, parameters);
    }

    /// Returns whether some matrix has fewer bits than a floating-point number.
    public boolean isQuantized() {
        return parameters.keySet().stream().anyMatch(name -> name.endsWith(Weight.SCALE));
    }

    /// Returns the rotation of tokens at these positions for each layer, computed once where layers share it.
    public List<Rope.Rotation> rotations(int... positions) {
        Map<Rope, Rope.Rotation> distinct = new HashMap<>();
        return ropes.stream()
                .map(rope -> distinct.computeIfAbsent(rope, one -> one.at(positions)))
                .toList();
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
                rotations(lengths.positions()),
                (layer, heads) -> attend(layer, heads, Sequence.packed(heads.k_TKH(), heads.v_TKH(), lengths)));
    }

    /// Continues a sequence: returns the last layer's output `[T, D]` for `ids`, which follow what `cache`
    /// holds, and adds them to it.
    public Tensor hidden(int[] ids, SequenceCache cache) {
        return hidden(List.of(new Continuation(cache, ids)));
    }

    /// Continues several sequences at once: returns the last layer's output `[T, D]` for all their ids, one sequence
    /// behind the other, and adds them to their caches.
    ///
    /// A cache whose step fails holds what it held before.
    public Tensor hidden(List<Continuation> continuations) {
        DType dtype = dtype();
        int total = 0;
        for (Continuation one : continuations) {
            one.cache().requireModel(dtype);
            total += one.ids().length;
        }
        int[] ids = new int[total];
        int[] positions = new int[total];
        int row = 0;
        for (Continuation one : continuations) {
            int start = one.cache().length();
            for (int i = 0; i < one.ids().length; i++) {
                ids[row] = one.ids()[i];
                positions[row++] = start + i;
            }
        }
        Tensor x_TD = walk(ids, rotations(positions), (layer, heads) -> attendCached(layer, heads, continuations));
        continuations.forEach(one -> one.cache().advance(one.ids().length));
        return x_TD;
    }

    private Tensor attendCached(int layer, Attention.Heads heads, List<Continuation> continuations) {
        List<Sequence> sequences = new ArrayList<>(continuations.size());
        List<KeyRange> fresh = new ArrayList<>(continuations.size());
        int row = 0;
        for (Continuation one : continuations) {
            int rows = one.ids().length;
            int start = one.cache().length();
            boolean all = continuations.size() == 1;
            var own = new KeyRange(
                    all ? heads.k_TKH() : heads.k_TKH().narrow(0, row, rows),
                    all ? heads.v_TKH() : heads.v_TKH().narrow(0, row, rows),
                    start);
            fresh.add(own);
            sequences.add(new Sequence(row, rows, start, one.cache().keys(layer, own)));
            row += rows;
        }
        Tensor out_TNH = attend(layer, heads, sequences);
        for (int i = 0; i < fresh.size(); i++) {
            continuations.get(i).cache().attended(layer, fresh.get(i));
        }
        return out_TNH;
    }

    /// Passes `ids` through the layers; `attend` is given each layer's index.
    ///
    /// History would have a hole at every attention, and gradients through it would be wrong without a word:
    /// none is recorded. A layer's intermediates are freed before the next layer runs.
    private Tensor walk(int[] ids, List<Rope.Rotation> rotations, BiFunction<Integer, Attention.Heads, Tensor> attend) {
        try (var _ = Autograd.recording(false)) {
            Tensor x_TD = embed(ids);
            for (int i = 0; i < layers.size(); i++) {
                int layer = i;
                try (var scope = Scope.open()) {
                    x_TD = scope.keep(
                            layers.get(layer).forward(x_TD, rotations.get(layer), heads -> attend.apply(layer, heads)));
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
        return scaled(head.forward(norm.forward(hidden_TD)));
    }

    /// Returns logits of what the head gives.
    Tensor scaled(Tensor output_TV) {
        Architecture kind = config.architecture();
        Tensor logits_TV = kind.logitScale() == 1 ? output_TV : output_TV.mul(kind.logitScale());
        double cap = kind.logitSoftCap();
        return cap == 0 ? logits_TV : logits_TV.mul(1 / cap).tanh().mul(cap);
    }

    /// Maps ids to `[T, D]`.
    public Tensor embed(int... ids) {
        for (int id : ids) {
            if (id < 0 || id >= config.vocabSize()) {
                throw new IllegalArgumentException("a token id must be below vocabSize: got " + id
                        + " with a vocabulary of " + config.vocabSize());
            }
        }
        Tensor x_TD = embedding.forward(Tensors.ofIds(ids), dtype());
        double scale = config.architecture().embeddingScale();
        // The factor has the embedding's type: in bfloat16, sqrt(3072) is 55.5.
        return scale == 1 ? x_TD : x_TD.mul(Tensors.full(scale, x_TD.dtype(), 1));
    }
}
