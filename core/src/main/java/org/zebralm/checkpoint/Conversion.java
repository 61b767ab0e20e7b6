package org.zebralm.checkpoint;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

/// What is to become of a model.
///
/// @param target what is written; null for the model's own family if that can say the result, or else cwm
/// @param rope how positions are known, or null for as they are
/// @param positions the limit to be written, or null for what follows from the rest
/// @param dtype what weights are stored in; null for as they are, quantized ones as the model's settings say
public record Conversion(
        @Nullable ConvertTarget target,
        LayerPattern layers,
        @Nullable RopeChange rope,
        @Nullable Integer positions,
        @Nullable DType dtype,
        long maxShardBytes) {
    public Conversion {
        if (positions != null && positions < 1) {
            throw new IllegalArgumentException("positions must be at least 1: got " + positions);
        }
        if (dtype != null && dtype != DType.FLOAT32 && dtype != DType.FLOAT16 && dtype != DType.BFLOAT16) {
            throw new IllegalArgumentException(
                    "weights can be stored as float32, float16 or bfloat16: got " + dtype.label());
        }
        if (maxShardBytes < 1) {
            throw new IllegalArgumentException("a shard must have at least 1 byte: got " + maxShardBytes);
        }
    }

    /// Returns the conversion that changes nothing but the form.
    public static Conversion unchanged(@Nullable ConvertTarget target) {
        return new Conversion(target, LayerPattern.keep(null), null, null, null, ModelFolder.DEFAULT_MAX_SHARD_BYTES);
    }

    public Conversion withLayers(LayerPattern others) {
        return new Conversion(target, others, rope, positions, dtype, maxShardBytes);
    }

    public Conversion withRope(RopeChange change) {
        return new Conversion(target, layers, change, positions, dtype, maxShardBytes);
    }

    public Conversion withPositions(int limit) {
        return new Conversion(target, layers, rope, limit, dtype, maxShardBytes);
    }

    public Conversion withDType(DType stored) {
        return new Conversion(target, layers, rope, positions, stored, maxShardBytes);
    }

    public Conversion withMaxShardBytes(long bytes) {
        return new Conversion(target, layers, rope, positions, dtype, bytes);
    }

    List<AttentionType> attentionTypes(ZebraConfig config) {
        return layers.apply(config.attentionTypes());
    }

    /// Returns a model with the rotation and the limit that are wanted.
    ZebraConfig rotated(ZebraConfig config) {
        if (rope != null) {
            return rope.apply(config, positions);
        }
        return positions == null ? config : config.withPositions(positions).withRopes(config.ropes());
    }
}
