package org.zebralm.testing;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Architecture;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;

/// Models small enough for plain loops.
public final class TinyModels {
    public static final AttentionType GLOBAL = new AttentionType.Global();

    private TinyModels() {}

    public static AttentionType local(int window) {
        return new AttentionType.Local(window);
    }

    /// Returns a grouped-query configuration with these layers, an untied head and no special tokens.
    public static ZebraConfig config(AttentionType... layers) {
        return new ZebraConfig(61, 24, 40, 4, 2, 8, List.of(layers), 10_000, 1e-5, 512, false, -1, -1, -1);
    }

    /// Returns the same configuration with a head tied to the embedding.
    public static ZebraConfig tied(ZebraConfig c) {
        return new ZebraConfig(
                c.vocabSize(),
                c.hiddenSize(),
                c.intermediateSize(),
                c.numHeads(),
                c.numKvHeads(),
                c.headDim(),
                c.attentionTypes(),
                c.ropes(),
                c.normEps(),
                c.maxPositions(),
                true,
                c.bosTokenId(),
                c.eosTokenId(),
                c.padTokenId(),
                c.architecture());
    }

    /// Returns the same configuration of another architecture.
    public static ZebraConfig of(ZebraConfig c, Architecture kind) {
        return new ZebraConfig(
                c.vocabSize(),
                c.hiddenSize(),
                c.intermediateSize(),
                c.numHeads(),
                c.numKvHeads(),
                c.headDim(),
                c.attentionTypes(),
                c.ropes(),
                c.normEps(),
                c.maxPositions(),
                c.tieEmbeddings(),
                c.bosTokenId(),
                c.eosTokenId(),
                c.padTokenId(),
                kind);
    }

    /// Returns the same configuration with other limits on a generated sequence.
    public static ZebraConfig ending(ZebraConfig c, int maxPositions, int eosTokenId) {
        return new ZebraConfig(
                c.vocabSize(),
                c.hiddenSize(),
                c.intermediateSize(),
                c.numHeads(),
                c.numKvHeads(),
                c.headDim(),
                c.attentionTypes(),
                c.ropes(),
                c.normEps(),
                maxPositions,
                c.tieEmbeddings(),
                c.bosTokenId(),
                eosTokenId,
                c.padTokenId(),
                c.architecture());
    }

    public static Zebra model(ZebraConfig config, RandomWeights weights) {
        return Zebra.load(Params.of(weights), config, new PortableAttention());
    }

    public static Zebra model(ZebraConfig config, Lifetime lifetime) {
        return model(config, new RandomWeights(1, DType.FLOAT32, lifetime));
    }

    public static int[] ids(ZebraConfig config, int length, long seed) {
        return new Random(seed).ints(length, 0, config.vocabSize()).toArray();
    }

    public static double[] normal(long seed, int length) {
        Random random = new Random(seed);
        double[] values = new double[length];
        Arrays.setAll(values, _ -> random.nextGaussian());
        return values;
    }
}
