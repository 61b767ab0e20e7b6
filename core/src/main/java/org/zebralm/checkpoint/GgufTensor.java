package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A tensor of a GGUF file in the making: what it is called and how it is stored, and where its numbers come from.
@SuppressWarnings("ArrayRecordComponent") // shapes are read, never compared
record GgufTensor(String name, GgufType type, long[] shape, Source source) {
    /// A sink's logit that takes no probability: beside any score, e to it is 0 in float32.
    static final float NEUTRAL_SINK = -1e30f;

    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /// Where a tensor's numbers come from.
    sealed interface Source {}

    /// A weight of the model.
    ///
    /// @param known its name in transformers
    /// @param numHeads how many heads its rows are brought into neighbours' order for, or 0
    /// @param addsOne whether it is a norm's weight that llama.cpp has the 1 added to
    record Weight(String known, int numHeads, boolean addsOne) implements Source {
        private Tensor read(WeightSource weights) {
            if (addsOne) {
                return weights.tensor(known, DType.FLOAT32).add(1);
            }
            Tensor stored = weights.tensor(known);
            return numHeads == 0 ? stored : RotaryOrder.toNeighbours(stored, numHeads);
        }
    }

    /// Numbers that follow from the config, or from llama.cpp's wanting them; no weight stands behind them.
    @SuppressWarnings("ArrayRecordComponent") // written, never compared
    record Made(float[] numbers) implements Source {}

    /// Returns all tensors of a model: what is made first of all, then weights in the model's order, then sinks.
    ///
    /// @throws IllegalArgumentException if rows are no whole blocks of the type
    static List<GgufTensor> of(GgufTarget target, ZebraConfig config, GgufOutput.Type wanted) {
        List<GgufTensor> tensors = new ArrayList<>();
        float[] factors = GgufModelKeys.ropeFactors(config);
        if (factors.length > 0) {
            tensors.add(made(GgufNames.ROPE_FACTORS, factors));
        }
        boolean permutes = target.rotatesNeighbours && target != GgufTarget.COHERE2;
        ZebraParameters.shapes(config).forEach((known, shape) -> {
            String name = GgufNames.stored(known, config.architecture().normPlacement());
            int numHeads = !permutes
                    ? 0
                    : known.contains(".self_attn.q_proj.")
                            ? config.numHeads()
                            : known.contains(".self_attn.k_proj.") ? config.numKvHeads() : 0;
            boolean addsOne = target.isGemma() && known.endsWith("norm.weight");
            tensors.add(new GgufTensor(name, type(known, shape, wanted), shape, new Weight(known, numHeads, addsOne)));
            if (known.equals(EMBEDDING) && config.tieEmbeddings() && target.needsHead()) {
                tensors.add(
                        new GgufTensor(GgufNames.HEAD, type(HEAD, shape, wanted), shape, new Weight(known, 0, false)));
            }
        });
        if (target == GgufTarget.GRANITE_SWA) {
            float[] sinks = new float[config.numHeads()];
            Arrays.fill(sinks, NEUTRAL_SINK);
            for (int layer = 0; layer < config.numLayers(); layer++) {
                tensors.add(made(GgufNames.sinks(layer), sinks));
            }
        }
        return tensors;
    }

    private static GgufTensor made(String name, float... numbers) {
        return new GgufTensor(name, GgufType.F32, new long[] {numbers.length}, new Made(numbers));
    }

    private static GgufType type(String known, long[] shape, GgufOutput.Type wanted) {
        if (shape.length == 1) {
            return GgufType.F32;
        }
        boolean isOuter = known.equals(EMBEDDING) || known.equals(HEAD);
        GgufType type = switch (wanted) {
            case F32 -> GgufType.F32;
            case F16 -> GgufType.F16;
            case BF16 -> GgufType.BF16;
            case Q8_0 -> GgufType.Q8_0;
            case Q4_0 -> isOuter ? GgufType.Q8_0 : GgufType.Q4_0;
        };
        long width = shape[shape.length - 1];
        if (width % type.blockElements != 0) {
            throw new IllegalArgumentException("rows must be whole blocks of " + type.blockElements
                    + " numbers to be stored as " + type + ": those of " + known + " have " + width
                    + "; take float16 or bfloat16");
        }
        return type;
    }

    long numBytes() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact) / type.blockElements * type.blockBytes;
    }

    /// Returns what it is called in an error: a weight as in transformers.
    String label() {
        return switch (source) {
            case Weight weight -> weight.known;
            case Made _ -> name;
        };
    }

    /// Returns its numbers, of weights in the type they are stored in, or in float32 where they are changed.
    Tensor read(WeightSource weights) {
        return switch (source) {
            case Made(float[] numbers) -> Tensors.of(numbers, shape);
            case Weight weight -> weight.read(weights);
        };
    }
}
