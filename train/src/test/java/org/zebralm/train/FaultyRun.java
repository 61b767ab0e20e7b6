package org.zebralm.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.Batch;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// A tiny run, two batches a step, in which the attention fails on some batches.
final class FaultyRun implements AutoCloseable {
    private final FaultyAttention attention = new FaultyAttention();
    private final Trainer trainer;
    private final Set<Long> faulty;
    private final double outputFactor;
    private final double gradientFactor;
    private final List<StepReport> reports = new ArrayList<>();

    private FaultyRun(TrainConfig config, Set<Long> faulty, double outputFactor, double gradientFactor) {
        this.faulty = faulty;
        this.outputFactor = outputFactor;
        this.gradientFactor = gradientFactor;
        try (var _ = Scope.open();
                var initial = new Lifetime()) {
            trainer = new Trainer(Runs.model(), config, new FreshParams(11, initial), attention);
        }
    }

    /// Returns a run whose gradients are not finite with the batches named.
    static FaultyRun withoutGradient(TrainConfig config, Set<Long> faulty) {
        return new FaultyRun(config, faulty, 1, Double.NaN);
    }

    /// Returns a run whose losses are not finite with the batches named.
    static FaultyRun withoutLoss(TrainConfig config, Set<Long> faulty) {
        return new FaultyRun(config, faulty, Double.NaN, 1);
    }

    /// Returns a run whose gradients are far too large with the batches named.
    static FaultyRun withSpikes(TrainConfig config, Set<Long> faulty) {
        return new FaultyRun(config, faulty, 1, 100);
    }

    /// Returns settings in which nothing but data and weights tells two steps apart.
    static TrainConfig steady(GuardConfig guard) {
        TrainConfig config = Runs.config(40, DType.FLOAT32, Recompute.LAYER);
        return config.with(
                config.optimizer(),
                new ScheduleConfig(ScheduleConfig.Kind.CONSTANT, 0, 1, 1),
                config.loss(),
                guard,
                new EmaConfig(0.9, false));
    }

    Trainer trainer() {
        return trainer;
    }

    /// Returns the reports of all steps so far.
    List<StepReport> reports() {
        return reports;
    }

    void run(int until, @Nullable Checkpoints checkpoints) {
        trainer.run(
                until,
                this::batch,
                List.of(),
                new TrainListener() {
                    @Override
                    public void onStep(StepReport report) {
                        reports.add(report);
                    }
                },
                checkpoints,
                () -> false);
    }

    /// The second batch of a step decides whether it fails, since both are drawn before the first is computed.
    private Batch batch(long index) {
        boolean fails = faulty.contains(index);
        attention.outputFactor = fails ? outputFactor : 1;
        attention.gradientFactor = fails ? gradientFactor : 1;
        return Runs.batch(index);
    }

    /// Returns all that a checkpoint would hold, by name.
    Map<String, double[]> state() {
        Map<String, double[]> values = new LinkedHashMap<>();
        try (var _ = Scope.open()) {
            trainer.state().forEach((name, tensor) -> values.put(name, tensor.toDoubles()));
        }
        return values;
    }

    /// Returns the names of what differs between two states.
    static List<String> differences(Map<String, double[]> a, Map<String, double[]> b) {
        if (!a.keySet().equals(b.keySet())) {
            throw new AssertionError("states of different runs: " + a.keySet() + " and " + b.keySet());
        }
        return a.keySet().stream()
                .filter(name -> !Arrays.equals(a.get(name), b.get(name)))
                .toList();
    }

    @Override
    public void close() {
        trainer.close();
    }
}
