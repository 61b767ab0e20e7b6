package org.zebralm.train;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.zebralm.data.Batch;
import org.zebralm.kernel.AttentionGradients;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.AttentionOutput;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.kernel.Sequence;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Where a training step's time goes, for the quickstart's model: matrix products, attention, the rest. A program, not
/// a test; `results/` has the command.
final class StepTimings {
    private static final int LENGTH = 2048;
    private static final int WARM_STEPS = 20;
    private static final int STEPS = 30;
    private static final ZebraConfig MODEL = new ZebraConfig(
            8192, 256, 768, 4, 2, 64, AttentionType.grouped(8, 4, 257), 10_000, 1e-5, LENGTH, true, -1, -1, -1);

    private StepTimings() {}

    static void main(String[] arguments) {
        int rows = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1;
        TrainConfig config = new TrainConfig(
                LENGTH,
                rows,
                1,
                1000,
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
        var attention = new Stopwatch(AttentionKernels.forThisMachine());
        double[] step = new double[STEPS];
        double[] attended = new double[STEPS];
        try (var _ = Scope.open();
                var initial = new Lifetime();
                var trainer = new Trainer(MODEL, config, new FreshParams(1, initial), attention)) {
            trainer.run(WARM_STEPS, index -> batch(rows, index), List.of(), TrainListener.silent(), null, () -> false);
            for (int i = 0; i < STEPS; i++) {
                attention.seconds = 0;
                long start = System.nanoTime();
                trainer.run(
                        trainer.step() + 1,
                        index -> batch(rows, index),
                        List.of(),
                        TrainListener.silent(),
                        null,
                        () -> false);
                step[i] = (System.nanoTime() - start) / 1e9;
                attended[i] = attention.seconds;
            }
        }
        double stepSeconds = median(step);
        double gemmSeconds = gemmSeconds(rows * LENGTH);
        double flops = new Cost(MODEL).trainingFlopsPerToken(LENGTH) * rows * LENGTH;
        System.out.printf(
                "rows %d: step %.0f ms (%.0f tokens/s, %.0f GFLOP/s), attention %.0f ms (%.0f%%), matrix products alone %.0f ms"
                        + " (%.0f%%)%n",
                rows,
                stepSeconds * 1e3,
                rows * LENGTH / stepSeconds,
                flops / stepSeconds / 1e9,
                median(attended) * 1e3,
                100 * median(attended) / stepSeconds,
                gemmSeconds * 1e3,
                100 * gemmSeconds / stepSeconds);
    }

    /// The step's matrix products, each done as often as a step does it, forward and both backward, with nothing
    /// between.
    private static double gemmSeconds(int tokens) {
        int width = MODEL.hiddenSize();
        int layers = MODEL.numLayers();
        int kv = MODEL.numKvHeads() * MODEL.headDim();
        return layers
                        * (2 * productSeconds(tokens, width, width)
                                + 2 * productSeconds(tokens, width, kv)
                                + 2 * productSeconds(tokens, width, MODEL.intermediateSize())
                                + productSeconds(tokens, MODEL.intermediateSize(), width))
                + productSeconds(tokens, width, MODEL.vocabSize());
    }

    private static double productSeconds(int tokens, int in, int out) {
        try (var _ = Scope.open()) {
            Tensor x = Tensors.normal(1, 1, tokens, in).to(DType.BFLOAT16);
            Tensor w = Tensors.normal(1, 2, out, in).to(DType.BFLOAT16);
            Tensor dy = Tensors.normal(1, 3, tokens, out).to(DType.BFLOAT16);
            return seconds(() -> x.matmul(w.transpose(0, 1)))
                    + seconds(() -> dy.matmul(w))
                    + seconds(() -> dy.transpose(0, 1).matmul(x));
        }
    }

    private static double seconds(Supplier<Tensor> work) {
        double[] seconds = new double[15];
        for (int i = -5; i < seconds.length; i++) {
            try (var _ = Scope.open()) {
                long start = System.nanoTime();
                var _ = work.get();
                if (i >= 0) {
                    seconds[i] = (System.nanoTime() - start) / 1e9;
                }
            }
        }
        return median(seconds);
    }

    private static Batch batch(int rows, long index) {
        var random = new SplittableRandom(index);
        int[] inputs = random.ints((long) rows * LENGTH, 0, MODEL.vocabSize()).toArray();
        int[] bounds = new int[rows + 1];
        Arrays.setAll(bounds, row -> row * LENGTH);
        return new Batch(rows, LENGTH, inputs, inputs, bounds);
    }

    private static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    /// Measures the time spent in a kernel.
    private static final class Stopwatch implements AttentionKernel {
        private final AttentionKernel kernel;
        private double seconds;

        Stopwatch(AttentionKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public String name() {
            return kernel.name();
        }

        @Override
        public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
            return time(() -> kernel.forward(spec, q_TNH, sequences));
        }

        @Override
        public AttentionGradients backward(
                AttentionSpec spec,
                Tensor q_TNH,
                Tensor k_TKH,
                Tensor v_TKH,
                CumulativeLengths lengths,
                AttentionOutput output,
                Tensor dOut_TNH) {
            return time(() -> kernel.backward(spec, q_TNH, k_TKH, v_TKH, lengths, output, dOut_TNH));
        }

        private <R> R time(Supplier<R> work) {
            long start = System.nanoTime();
            R result = work.get();
            seconds += (System.nanoTime() - start) / 1e9;
            return result;
        }
    }
}
