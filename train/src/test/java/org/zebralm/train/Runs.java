package org.zebralm.train;

import java.util.List;
import java.util.SplittableRandom;
import org.zebralm.data.Batch;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Architecture;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// Tiny runs on made-up text: a language in which each token is decided by the one before it, seven times in
/// eight.
final class Runs {
    static final int VOCAB = 61;
    static final int LENGTH = 48;

    private Runs() {}

    static ZebraConfig model() {
        return new ZebraConfig(
                VOCAB, 32, 64, 4, 2, 8, AttentionType.grouped(4, 2, 9), 10_000, 1e-5, 64, true, -1, -1, -1);
    }

    /// Returns the same sizes and layers with another architecture.
    static ZebraConfig model(Architecture architecture) {
        ZebraConfig c = model();
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
                architecture);
    }

    static TrainConfig config(int steps, DType compute, Recompute recompute) {
        return new TrainConfig(
                LENGTH,
                2,
                2,
                steps,
                OptimizerConfig.defaults().withLearningRate(1e-2),
                new ScheduleConfig(ScheduleConfig.Kind.COSINE, 2, 0.1, 0.2),
                new LossConfig(37, 0),
                GuardConfig.defaults(),
                EmaConfig.none(),
                compute,
                recompute,
                4,
                0,
                2,
                7);
    }

    static Trainer trainer(TrainConfig config) {
        try (var _ = Scope.open();
                var initial = new Lifetime()) {
            return new Trainer(model(), config, new FreshParams(11, initial), new PortableAttention());
        }
    }

    /// Returns batch `index`: two rows, the first of two documents, the second of one.
    static Batch batch(long index) {
        var random = new SplittableRandom(index * 31 + 5);
        int[] bounds = {0, 19, LENGTH, 2 * LENGTH};
        int[] inputs = new int[2 * LENGTH];
        int[] targets = new int[2 * LENGTH];
        for (int piece = 0; piece + 1 < bounds.length; piece++) {
            int last = random.nextInt(VOCAB);
            for (int i = bounds[piece]; i < bounds[piece + 1]; i++) {
                int next = random.nextInt(8) == 0 ? random.nextInt(VOCAB) : (last * 3 + 1) % VOCAB;
                inputs[i] = last;
                targets[i] = i + 1 == bounds[piece + 1] ? Batch.IGNORED : next;
                last = next;
            }
        }
        return new Batch(2, LENGTH, inputs, targets, bounds);
    }

    static List<Batch> validation() {
        return List.of(batch(1_000_000), batch(1_000_001));
    }
}
