package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A tensor of a GGUF file in the making: what it is called and how it is stored, and what it is made from.
///
/// @param known its name in transformers
/// @param numHeads how many heads its rows are brought into neighbours' order for, or 0
/// @param addsOne whether it is a norm's weight that llama.cpp has the 1 added to
@SuppressWarnings("ArrayRecordComponent") // shapes are read, never compared
record GgufTensor(String name, GgufType type, long[] shape, String known, int numHeads, boolean addsOne) {
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    /// Returns all tensors of a model in the model's order.
    ///
    /// @throws IllegalArgumentException if rows are no whole blocks of the type
    static List<GgufTensor> of(GgufTarget target, ZebraConfig config, GgufOutput.Type wanted) {
        List<GgufTensor> tensors = new ArrayList<>();
        boolean permutes = target.rotatesNeighbours && target != GgufTarget.COHERE2;
        ZebraParameters.shapes(config).forEach((known, shape) -> {
            String name = GgufNames.stored(known, config.architecture().normPlacement());
            int numHeads = !permutes
                    ? 0
                    : known.contains(".self_attn.q_proj.")
                            ? config.numHeads()
                            : known.contains(".self_attn.k_proj.") ? config.numKvHeads() : 0;
            boolean addsOne = target.isGemma() && known.endsWith("norm.weight");
            tensors.add(new GgufTensor(name, type(known, shape, wanted), shape, known, numHeads, addsOne));
            if (known.equals(EMBEDDING) && config.tieEmbeddings() && target.needsHead()) {
                tensors.add(new GgufTensor(GgufNames.HEAD, type(HEAD, shape, wanted), shape, known, 0, false));
            }
        });
        return tensors;
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
                    + "; take F16 or BF16");
        }
        return type;
    }

    long numBytes() {
        return Arrays.stream(shape).reduce(1, Math::multiplyExact) / type.blockElements * type.blockBytes;
    }

    /// Returns its numbers, in the type they are stored in by the source, or in float32 where they are changed.
    Tensor read(WeightSource weights) {
        if (addsOne) {
            return weights.tensor(known, DType.FLOAT32).add(1);
        }
        Tensor stored = weights.tensor(known);
        return numHeads == 0 ? stored : RotaryOrder.toNeighbours(stored, numHeads);
    }
}
