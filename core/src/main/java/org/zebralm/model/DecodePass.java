package org.zebralm.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.CachedKeys;
import org.zebralm.kernel.RowBuffer;
import org.zebralm.kernel.RowProgram;
import org.zebralm.kernel.RowProgram.Angles;
import org.zebralm.kernel.RowProgram.Product;
import org.zebralm.kernel.Weight;
import org.zebralm.nn.Activation;
import org.zebralm.nn.GatedFeedForward;
import org.zebralm.nn.LayerNorm;
import org.zebralm.nn.Linear;
import org.zebralm.nn.Norm;
import org.zebralm.nn.OffsetRmsNorm;
import org.zebralm.nn.ProductChoice;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// One token of each of a few sequences through the whole model, as a [RowProgram]: what [Zebra#hidden] and
/// [Zebra#logits] compute, without their tensors.
///
/// In float32 it gives what they give, up to the order of sums; in bfloat16 it is closer to float32, as nothing is
/// rounded from the embedding to the logits but keys and values where they are kept. Owned by one thread.
public final class DecodePass implements AutoCloseable {
    private final Zebra model;
    private final int mostRows;
    private final boolean fastest;
    private final Map<Integer, Program> programs = new HashMap<>();

    private DecodePass(Zebra model, int mostRows, boolean fastest) {
        this.model = model;
        this.mostRows = mostRows;
        this.fastest = fastest;
    }

    /// Returns a pass for up to `mostRows` sequences at once.
    ///
    /// Nothing where the model has parts that programs do not compute (experts, a GELU, norms that subtract a mean,
    /// pairs of neighbours), another type or place, or the Vector module is missing.
    ///
    /// @param fastest whether the last bits of a sequence's logits may depend on how many others there are
    public static Optional<DecodePass> of(Zebra model, int mostRows, boolean fastest) {
        Architecture kind = model.config().architecture();
        DType dtype = model.dtype();
        boolean can = RowProgram.isAvailable()
                && (dtype == DType.FLOAT32 || dtype == DType.BFLOAT16)
                && model.kernel().rows().isPresent()
                && kind.norm() != Norm.Kind.LAYER
                && kind.rotaryPairs() == Rope.Pairs.HALVES
                && kind.activation() == Activation.SILU
                && kind.experts() == null
                && RowProgram.accepts(model.head().matrix())
                && model.layers().stream().allMatch(DecodePass::accepts);
        Weight first = model.layers().getFirst().attention().query().matrix();
        int most = fastest ? Math.min(mostRows, ProductChoice.fastestRows(first)) : mostRows;
        return can ? Optional.of(new DecodePass(model, most, fastest)) : Optional.empty();
    }

    private static boolean accepts(DecoderLayer layer) {
        Attention attention = layer.attention();
        return layer.feedForward() instanceof GatedFeedForward(Linear gate, Linear up, Linear down, Activation _)
                && List.of(attention.query(), attention.key(), attention.value(), attention.out(), gate, up, down)
                        .stream()
                        .allMatch(linear -> RowProgram.accepts(linear.matrix()));
    }

    /// Returns whether a step of these is this pass's: one token each, not too many, and caches it can write to.
    public boolean accepts(List<Continuation> continuations) {
        return continuations.size() <= mostRows
                && continuations.stream()
                        .allMatch(one ->
                                one.ids().length == 1 && one.cache().next(0).isPresent());
    }

    /// Continues several sequences by one token each: returns the logits after it, one sequence's vocabulary behind the
    /// other's, and adds the tokens to the caches.
    ///
    /// A cache whose step fails holds what it held before.
    public float[] logits(List<Continuation> continuations) {
        int[] ids = new int[continuations.size()];
        int[] positions = new int[ids.length];
        List<List<CachedKeys>> keys = new ArrayList<>(ids.length);
        for (int i = 0; i < ids.length; i++) {
            Continuation one = continuations.get(i);
            one.cache().requireModel(model.dtype());
            ids[i] = one.ids()[0];
            positions[i] = one.cache().length();
            List<CachedKeys> layers = new ArrayList<>(model.layers().size());
            for (int layer = 0; layer < model.layers().size(); layer++) {
                layers.add(one.cache().next(layer).orElseThrow());
            }
            keys.add(layers);
        }
        float[] logits;
        try (var _ = Scope.open()) {
            logits = programs.computeIfAbsent(ids.length, Program::new).run(ids, positions, keys);
        }
        continuations.forEach(one -> one.cache().advance(1));
        return logits;
    }

    /// Frees the memory of the rows.
    @Override
    public void close() {
        programs.values().forEach(program -> program.program.close());
        programs.clear();
    }

    /// The steps for one number of sequences.
    private final class Program {
        private final RowProgram program;
        private final RowBuffer x;
        private final RowBuffer logits;
        private final Map<Rope, Angles> angles = new LinkedHashMap<>();

        Program(int rows) {
            ZebraConfig config = model.config();
            program = new RowProgram(rows, config.numHeads(), fastest);
            x = program.buffer(1, config.hiddenSize());
            RowBuffer normed = program.buffer(1, config.hiddenSize());
            RowBuffer branch = program.buffer(1, config.hiddenSize());
            RowBuffer q = program.buffer(config.numHeads(), config.headDim());
            RowBuffer k = program.buffer(config.numKvHeads(), config.headDim());
            RowBuffer v = program.buffer(config.numKvHeads(), config.headDim());
            RowBuffer attended = program.buffer(config.numHeads(), config.headDim());
            RowBuffer gate = program.buffer(1, config.intermediateSize());
            RowBuffer up = program.buffer(1, config.intermediateSize());
            for (int i = 0; i < model.layers().size(); i++) {
                DecoderLayer layer = model.layers().get(i);
                attention(layer, model.ropes().get(i), normed, q, k, v, attended);
                RowBuffer input = normed;
                if (layer.isParallel()) {
                    addBranch(layer.attention().out(), attended, null, branch);
                } else {
                    addBranch(layer.attention().out(), attended, layer.postAttentionNorm(), branch);
                    input = normed(layer.preFeedForwardNorm(), normed);
                }
                GatedFeedForward feedForward = (GatedFeedForward) layer.feedForward();
                multiply(input, product(feedForward.gate(), gate), product(feedForward.up(), up));
                program.swiglu(gate, up, gate);
                addBranch(feedForward.down(), gate, layer.postFeedForwardNorm(), branch);
            }
            logits = program.buffer(1, config.vocabSize());
            multiply(normed(model.norm(), normed), product(model.head(), logits));
        }

        private void attention(
                DecoderLayer layer,
                Rope rope,
                RowBuffer normed,
                RowBuffer q,
                RowBuffer k,
                RowBuffer v,
                RowBuffer attended) {
            Attention attention = layer.attention();
            multiply(
                    normed(layer.inputNorm(), normed),
                    product(attention.query(), q),
                    product(attention.key(), k),
                    product(attention.value(), v));
            normInPlace(attention.queryNorm(), q);
            normInPlace(attention.keyNorm(), k);
            Angles turns = angles.computeIfAbsent(rope, _ -> new Angles(angles(), angles()));
            program.attend(attention.spec(), turns, q, k, v, attended);
        }

        private RowBuffer angles() {
            return program.buffer(1, model.config().headDim() / 2);
        }

        /// Returns the residual line as a part of a layer reads it.
        private RowBuffer normed(@Nullable Norm norm, RowBuffer to) {
            if (norm == null) {
                return x;
            }
            norm(norm, x, to);
            return to;
        }

        private void normInPlace(@Nullable Norm norm, RowBuffer rows) {
            if (norm != null) {
                norm(norm, rows, rows);
            }
        }

        private void norm(Norm norm, RowBuffer from, RowBuffer to) {
            switch (norm) {
                case OffsetRmsNorm(Tensor weight, double eps) -> program.norm(from, weight, 1, eps, to);
                case LayerNorm _ -> throw new IllegalStateException("a program has no layer norm");
                default -> program.norm(from, norm.weight(), 0, model.config().normEps(), to);
            }
        }

        /// Adds a product to the residual line, normalised before where there is a norm.
        private void addBranch(Linear linear, RowBuffer from, @Nullable Norm norm, RowBuffer branch) {
            if (norm == null) {
                multiply(from, new Product(linear.matrix(), linear.bias(), x, true));
                return;
            }
            multiply(from, product(linear, branch));
            norm(norm, branch, branch);
            program.add(branch, x);
        }

        private void multiply(RowBuffer from, Product... products) {
            program.multiply(from, List.of(products));
        }

        private static Product product(Linear linear, RowBuffer to) {
            Weight weight = linear.matrix();
            return new Product(weight, linear.bias(), to, false);
        }

        float[] run(int[] ids, int[] positions, List<List<CachedKeys>> keys) {
            x.tensor().copyInPlace(model.embed(ids).to(DType.FLOAT32).unsqueeze(1));
            angles.forEach((rope, turns) -> {
                Rope.Rotation rotation = rope.at(positions);
                turns.cos().tensor().copyInPlace(rotation.cos_T1h());
                turns.sin().tensor().copyInPlace(rotation.sin_T1h());
            });
            program.run(keys);
            return model.scaled(logits.tensor()).toFloats();
        }
    }
}
