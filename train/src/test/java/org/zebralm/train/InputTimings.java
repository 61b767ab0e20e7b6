package org.zebralm.train;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.zebralm.data.Mixture;
import org.zebralm.data.PackedBatches;
import org.zebralm.data.Packing;
import org.zebralm.data.PreparedFolder;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// What of a step is waiting for its input, on a prepared folder: opening, the making of a batch alone, and the time
/// that steps of the quickstart's model wait for batches made ahead. A program, not a test:
/// `InputTimings FOLDER [LENGTH [BATCHES [STEPS]]]`.
final class InputTimings {
    private static final int AHEAD = 4;

    private InputTimings() {}

    static void main(String[] arguments) {
        int length = number(arguments, 1, 2048);
        int numBatches = number(arguments, 2, 2000);
        int steps = number(arguments, 3, 40);
        try (PreparedFolder folder = PreparedFolder.open(Path.of(arguments[0]))) {
            var mixture = Mixture.of(arguments[0], folder.train());
            for (Packing packing : Packing.values()) {
                long start = System.nanoTime();
                var batches = new PackedBatches(mixture, packing, 1, length, 1);
                double opened = seconds(start);
                double[] made = new double[numBatches];
                for (int i = 0; i < numBatches; i++) {
                    start = System.nanoTime();
                    var _ = batches.batch(i);
                    made[i] = seconds(start);
                }
                Arrays.sort(made);
                System.out.printf(
                        "%s: opened in %.0f ms, padding %.2f%%; a batch of %d: median %.3f ms, longest %.1f ms%n",
                        packing,
                        opened * 1e3,
                        100 * batches.report().paddingShare(),
                        length,
                        made[numBatches / 2] * 1e3,
                        made[numBatches - 1] * 1e3);
                train(folder.manifest().tokenizer().vocabSize(), length, steps, batches);
            }
        }
    }

    private static void train(int vocabSize, int length, int steps, PackedBatches batches) {
        var model = new ZebraConfig(
                vocabSize,
                256,
                768,
                4,
                2,
                64,
                AttentionType.grouped(8, 4, 257),
                10_000,
                1e-5,
                length,
                true,
                -1,
                -1,
                -1);
        TrainConfig config = new TrainConfig(
                length,
                1,
                1,
                steps + 2,
                OptimizerConfig.defaults(),
                ScheduleConfig.defaults().withWarmupSteps(2),
                LossConfig.defaults(),
                GuardConfig.defaults(),
                EmaConfig.none(),
                DType.BFLOAT16,
                Recompute.NONE,
                0,
                0,
                1,
                0);
        try (var _ = Scope.open();
                var initial = new Lifetime();
                var trainer =
                        new Trainer(model, config, new FreshParams(1, initial), AttentionKernels.forThisMachine());
                var ahead = new PrefetchedBatches(batches::batch, AHEAD)) {
            trainer.run(2, ahead, List.of(), TrainListener.silent(), null, () -> false);
            double before = ahead.secondsWaited();
            long start = System.nanoTime();
            trainer.run(steps + 2, ahead, List.of(), TrainListener.silent(), null, () -> false);
            double waited = ahead.secondsWaited() - before;
            System.out.printf(
                    "  %d steps of %.0f ms, of which waiting for input %.3f%%%n",
                    steps, seconds(start) / steps * 1e3, 100 * waited / seconds(start));
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static int number(String[] arguments, int i, int otherwise) {
        return i < arguments.length ? Integer.parseInt(arguments[i]) : otherwise;
    }
}
