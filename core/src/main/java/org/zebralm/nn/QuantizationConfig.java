package org.zebralm.nn;

import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int4Weight;
import org.zebralm.kernel.Quantizer;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// Which matrices of a decoder are kept in fewer bits. Norms, biases, routers and experts never are.
///
/// @param layers the format of the projections in the layers
/// @param embeddings of the embedding table
/// @param head of the output head; where that is the embedding table, both are the same
/// @param group columns that share a scale in 4 bits: 32, 64 or 128
public record QuantizationConfig(WeightFormat layers, WeightFormat embeddings, WeightFormat head, int group) {
    /// The group that loses least.
    public static final int DEFAULT_GROUP = 32;

    /// The name of the output head.
    public static final String HEAD = "lm_head.weight";
    /// The name of the embedding table.
    public static final String EMBEDDINGS = "model.embed_tokens.weight";

    public QuantizationConfig {
        if (group != 32 && group != 64 && group != 128) {
            throw new IllegalArgumentException("group must be 32, 64 or 128: got " + group);
        }
        if (layers == WeightFormat.KEEP && embeddings == WeightFormat.KEEP && head == WeightFormat.KEEP) {
            throw new IllegalArgumentException(
                    "a quantization must change something: got keep for layers, embeddings and head");
        }
    }

    /// Returns the quantization of layers to 4 or 8 bits that keeps embeddings and head.
    public static QuantizationConfig ofBits(int bits) {
        return ofBits(bits, DEFAULT_GROUP);
    }

    /// Returns the quantization of layers to 4 or 8 bits that keeps embeddings and head.
    public static QuantizationConfig ofBits(int bits, int group) {
        WeightFormat format = switch (bits) {
            case 4 -> WeightFormat.INT4;
            case 8 -> WeightFormat.INT8;
            default -> throw new IllegalArgumentException("bits must be 4 or 8: got " + bits);
        };
        return new QuantizationConfig(format, WeightFormat.KEEP, WeightFormat.KEEP, group);
    }

    /// Returns the quantization that users write: `int8`, `int4`, or `int4:64` with a group; table and head are kept.
    public static QuantizationConfig parse(String label) {
        return switch (label) {
            case "int8" -> ofBits(8);
            case "int4", "int4:32" -> ofBits(4);
            case "int4:64" -> ofBits(4, 64);
            case "int4:128" -> ofBits(4, 128);
            default ->
                throw new IllegalArgumentException(
                        "a quantization must be int8, int4, int4:64 or int4:128: got " + label);
        };
    }

    /// Returns the same layers with another table and head.
    public QuantizationConfig with(WeightFormat newEmbeddings, WeightFormat newHead) {
        return new QuantizationConfig(layers, newEmbeddings, newHead, group);
    }

    /// Refuses what a decoder whose head is its embedding table cannot have.
    public void requireFit(boolean tiedEmbeddings) {
        if (tiedEmbeddings && embeddings != head) {
            throw new IllegalArgumentException("the model's head is its embedding table, so both must have one format:"
                    + " got " + embeddings.label() + " and " + head.label());
        }
    }

    /// Returns whether anything has 4 bits.
    public boolean hasGroups() {
        return layers == WeightFormat.INT4 || embeddings == WeightFormat.INT4 || head == WeightFormat.INT4;
    }

    /// Returns the format of a matrix by its full name.
    public WeightFormat formatOf(String name) {
        return switch (name) {
            case HEAD -> head;
            case EMBEDDINGS -> embeddings;
            default -> layers;
        };
    }

    /// Returns a dense matrix as its name says.
    public Weight quantize(String name, Tensor dense) {
        return switch (formatOf(name)) {
            case KEEP -> new DenseWeight(dense);
            case INT8 -> Quantizer.int8(dense);
            case INT4 -> Quantizer.int4(dense, group);
        };
    }

    /// Returns the bytes that a matrix of this name takes, scales included.
    ///
    /// @param dtype what is kept has
    public long bytes(String name, long out, long in, DType dtype) {
        return switch (formatOf(name)) {
            case KEEP -> out * in * dtype.bytes();
            case INT8 -> out * in + out * 4;
            case INT4 -> Int4Weight.bytes(out, in, group);
        };
    }

    /// Prints `int4 (groups of 32), embeddings keep, head int8`.
    @Override
    public String toString() {
        return layers.label() + (hasGroups() ? " (groups of " + group + ")" : "") + ", embeddings " + embeddings.label()
                + ", head " + head.label();
    }
}
