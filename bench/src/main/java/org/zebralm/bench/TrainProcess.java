package org.zebralm.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.zebralm.data.Batch;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.train.EmaConfig;
import org.zebralm.train.GemmRate;
import org.zebralm.train.GuardConfig;
import org.zebralm.train.LossConfig;
import org.zebralm.train.OptimizerConfig;
import org.zebralm.train.PeakMemory;
import org.zebralm.train.Recompute;
import org.zebralm.train.ScheduleConfig;
import org.zebralm.train.StepReport;
import org.zebralm.train.StepTimes;
import org.zebralm.train.TrainConfig;
import org.zebralm.train.TrainListener;
import org.zebralm.train.Trainer;

/// The process of one [TrainCase]: its peak memory is then that case's own, and no compiled code that of another.
///
/// Prints lines of `key value...`: `gemm` FLOP/s, `recompute` and, for each step, `step` with its phases in seconds,
/// then
/// `peak` bytes.
final class TrainProcess {
    private TrainProcess() {}

    static void main(String[] arguments) {
        TrainCase training = parse(arguments);
        double before = GemmRate.measure(training.dtype());
        Recompute recompute = train(training);
        double after = GemmRate.measure(training.dtype());
        System.out.println("gemm " + (before + after) / 2);
        System.out.println("recompute " + recompute);
        System.out.println("peak " + PeakMemory.bytes().orElse(-1));
    }

    static List<String> arguments(TrainCase training) {
        return List.of(
                training.system().label(),
                Integer.toString(training.length()),
                Integer.toString(training.layers()),
                training.dtype().label(),
                training.recompute().name(),
                Integer.toString(training.steps()),
                Integer.toString(training.warmUp()));
    }

    private static TrainCase parse(String... arguments) {
        return new TrainCase(
                TrainSystem.parse(arguments[0]),
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                DType.parse(arguments[3]),
                Recompute.valueOf(arguments[4]),
                Integer.parseInt(arguments[5]),
                Integer.parseInt(arguments[6]));
    }

    /// Reads what [#main] printed.
    static TrainRow read(TrainCase training, List<String> lines) {
        List<StepTimes> times = new ArrayList<>();
        Recompute recompute = training.recompute();
        double gemm = Double.NaN;
        long peak = -1;
        for (String line : lines) {
            String[] words = line.split(" ");
            switch (words[0]) {
                case "step" -> {
                    double[] seconds = Arrays.stream(words, 1, 5)
                            .mapToDouble(Double::parseDouble)
                            .toArray();
                    times.add(new StepTimes(seconds[0], seconds[1], seconds[2], seconds[3]));
                }
                case "gemm" -> gemm = Double.parseDouble(words[1]);
                case "recompute" -> recompute = Recompute.valueOf(words[1]);
                case "peak" -> peak = Long.parseLong(words[1]);
                default -> {} // a warning of the JVM's
            }
        }
        return new TrainRow(training, recompute, times, gemm, peak);
    }

    private static Recompute train(TrainCase training) {
        ZebraConfig model = training.model();
        int steps = training.warmUp() + training.steps();
        var config = new TrainConfig(
                training.length(),
                1,
                1,
                steps,
                OptimizerConfig.defaults().withLearningRate(1e-4),
                new ScheduleConfig(ScheduleConfig.Kind.CONSTANT, 0, 1, 0.2),
                LossConfig.defaults(),
                GuardConfig.defaults(),
                EmaConfig.none(),
                training.dtype(),
                training.recompute(),
                0,
                0,
                1,
                0);
        var printer = new TrainListener() {
            @Override
            public void onStep(StepReport report) {
                if (report.step() > training.warmUp()) {
                    StepTimes times = report.times();
                    System.out.println("step " + times.data() + " " + times.forward() + " " + times.backward() + " "
                            + times.optimizer());
                }
            }
        };
        try (var _ = Scope.open();
                var trainer = trainer(model, config)) {
            trainer.run(steps, index -> batch(model, index), List.of(), printer, null, () -> false);
            return trainer.recompute();
        }
    }

    /// The weights that a model starts from are gone before the first step.
    private static Trainer trainer(ZebraConfig model, TrainConfig config) {
        try (var _ = Scope.open();
                var initial = new Lifetime()) {
            return new Trainer(model, config, new FreshParams(1, initial), AttentionKernels.forThisMachine());
        }
    }

    private static Batch batch(ZebraConfig model, long index) {
        int length = model.maxPositions();
        int[] ids = new SplittableRandom(index)
                .ints(length + 1L, 0, model.vocabSize())
                .toArray();
        return new Batch(
                1, length, Arrays.copyOf(ids, length), Arrays.copyOfRange(ids, 1, length + 1), new int[] {0, length});
    }
}
