package org.zebralm.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.ModelFolder;
import org.zebralm.data.Batch;
import org.zebralm.data.Mixture;
import org.zebralm.data.PackedBatches;
import org.zebralm.data.Packing;
import org.zebralm.data.PackingReport;
import org.zebralm.data.TokenShard;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.train.Batches;
import org.zebralm.train.Checkpoint;
import org.zebralm.train.Checkpoints;
import org.zebralm.train.GemmRate;
import org.zebralm.train.MetricsLog;
import org.zebralm.train.PrefetchedBatches;
import org.zebralm.train.Recompute;
import org.zebralm.train.RunStart;
import org.zebralm.train.StepReport;
import org.zebralm.train.TensorBoardLog;
import org.zebralm.train.TrainConfig;
import org.zebralm.train.TrainListener;
import org.zebralm.train.Trainer;
import org.zebralm.train.TrainingMemory;

/// Trains a run's model in its folder, from its last checkpoint if there is one.
final class TrainingRun implements AutoCloseable {
    /// Stands for a number of steps that a time budget decides after the warmup.
    static final int UNTIL_TIME_IS_UP = Integer.MAX_VALUE;

    /// Rows of held-out text a validation reads.
    private static final int VALIDATION_ROWS = 8;

    private static final int VALIDATIONS = 6;

    /// Steps whose batches are made before they are needed.
    private static final int STEPS_AHEAD = 4;

    private final RunFolder folder;
    private final PreparedText text;
    private final Packing packing;
    private final Terminal terminal;
    private final Checkpoints checkpoints;
    private final Trainer trainer;

    TrainingRun(
            RunFolder folder,
            PreparedText text,
            Packing packing,
            ZebraConfig model,
            TrainConfig declared,
            @Nullable Path initFrom,
            AttentionKernel kernel,
            Terminal terminal) {
        this.folder = folder;
        this.text = text;
        this.packing = packing;
        text.train().requireVocabulary(model.vocabSize());
        this.terminal = terminal;
        this.checkpoints = new Checkpoints(folder.checkpoints(), declared.keepCheckpoints());
        if (checkpoints.removeHalfWritten() > 0) {
            terminal.out().println("removed    a checkpoint that was being written when the run was cut off");
        }
        Optional<Checkpoint> saved = checkpoints.latest(notice -> terminal.out().println("damaged    " + notice));
        TrainConfig config = saved.map(last -> resumed(last, declared)).orElse(declared);
        if (saved.isPresent() || initFrom == null) {
            try (var _ = Scope.open();
                    var initial = new Lifetime()) {
                this.trainer = new Trainer(model, config, new FreshParams(config.seed(), initial), kernel);
            }
            // The folder vouches for the settings: what differs has been accepted.
            saved.ifPresent(last -> trainer.restore(last, true));
        } else {
            this.trainer = begin(model, config, initFrom, kernel);
        }
    }

    /// The weights are saved at once: what they come from may be gone or trained further when the run is
    /// started again.
    private Trainer begin(ZebraConfig model, TrainConfig config, Path initFrom, AttentionKernel kernel) {
        var started = new AtomicReference<Trainer>();
        try (var _ = Scope.open()) {
            StartingWeights.of(initFrom)
                    .read(kernel, weights -> started.set(new Trainer(model, config, weights, kernel)));
        }
        Trainer begun = started.get();
        begun.requireRoom(checkpoints);
        begun.save(checkpoints);
        terminal.out().println("began      with the weights of " + initFrom);
        return begun;
    }

    /// A time budget has become a number of steps since it was declared.
    private static TrainConfig resumed(Checkpoint saved, TrainConfig declared) {
        TrainConfig was = saved.config();
        return declared.steps() == UNTIL_TIME_IS_UP
                ? declared.withSteps(was.steps(), was.validateEvery(), was.saveEvery())
                : declared;
    }

    Trainer trainer() {
        return trainer;
    }

    private void announce(TrainingMemory memory, Recompute recompute) {
        String again = switch (recompute) {
            case NONE -> "nothing is computed twice";
            case ATTENTION -> "all but attention is computed twice";
            case LAYER -> "layers are computed twice";
            case AUTO -> throw new IllegalStateException("a run has decided");
        };
        terminal.out().println("memory     about %s; %s".formatted(Units.bytes(memory.total(recompute)), again));
    }

    /// Trains to the end, or until `stop`; returns whether the end was reached. Either way the state is saved.
    ///
    /// @param left the time to fill if the number of steps is not known yet
    boolean train(@Nullable Duration left, BooleanSupplier stop) {
        TrainConfig config = trainer.config();
        var packed =
                new PackedBatches(text.train(), packing, config.batchRows(), config.contextLength(), config.seed());
        announce(packed.report(), config.contextLength());
        announce(trainer.memory(), trainer.recompute());
        List<Batch> validation = validation(config);
        if (trainer.step() > 0) {
            terminal.out().println("resumed    at step " + trainer.step());
        }
        trainer.requireRoom(checkpoints);
        try (var data = new PrefetchedBatches(packed::batch, STEPS_AHEAD * config.accumulation());
                MetricsLog metrics = MetricsLog.open(folder.metrics(), trainer.step());
                TensorBoardLog tensorBoard = TensorBoardLog.open(folder.tensorBoard(), trainer.step())) {
            TrainListener logs = TrainListener.all(List.of(metrics, tensorBoard));
            RunStart begin = begin(config);
            logs.onStart(begin);
            if (config.steps() == UNTIL_TIME_IS_UP) {
                long start = System.nanoTime();
                double stepSeconds = warmUp(data, begin, logs, stop);
                if (!stop.getAsBoolean()) {
                    Duration spent = Duration.ofNanos(System.nanoTime() - start);
                    fill(left == null ? Duration.ZERO : left.minus(spent), stepSeconds);
                }
            }
            if (!stop.getAsBoolean()) {
                run(trainer.config().steps(), data, validation, begin, logs, stop);
            }
        }
        boolean finished = trainer.step() == trainer.config().steps();
        if (!finished) {
            trainer.save(checkpoints);
        }
        return finished;
    }

    private void announce(PackingReport report, int contextLength) {
        if (packing == Packing.BEST_FIT) {
            terminal.out()
                    .println(
                            "packing    best fit: %.2f%% of rows is padding, %.2f%% of pieces are cut though they would fit"
                                    .formatted(100 * report.paddingShare(), 100 * report.cutShare()));
        }
        String warning = text.train().warningFor(contextLength);
        if (warning != null) {
            terminal.out().println("warning    " + warning);
        }
    }

    /// Writes the trained model as a Hugging Face folder, and the plot of its losses.
    void export() {
        ModelFolder.save(
                folder.model(),
                trainer.model().config(),
                trainer.result(),
                DType.FLOAT32,
                text.tokenizer().path());
        RunPlot.write(folder);
    }

    /// Runs the warmup steps and returns what a step takes: the median of the last half, when the JIT has
    /// settled.
    private double warmUp(Batches data, RunStart begin, TrainListener logs, BooleanSupplier stop) {
        List<Double> seconds = new ArrayList<>();
        TrainListener stopwatch = new TrainListener() {
            @Override
            public void onStep(StepReport report) {
                seconds.add(report.seconds());
            }
        };
        int until = trainer.config().schedule().warmupSteps();
        try (var console = new TrainConsole(terminal, "warming up", until, begin.gemmFlops())) {
            trainer.run(until, data, List.of(), TrainListener.all(List.of(console, logs, stopwatch)), null, stop);
        }
        List<Double> settled = seconds.subList(seconds.size() / 2, seconds.size());
        if (settled.isEmpty()) {
            return Double.NaN; // stopped at once
        }
        Collections.sort(settled);
        return settled.get(settled.size() / 2);
    }

    /// Decides the number of steps that fill the time left, validations included.
    private void fill(Duration left, double stepSeconds) {
        TrainConfig config = trainer.config();
        // A validation row costs a third of a trained one: no backward.
        double validations = VALIDATIONS * stepSeconds * VALIDATION_ROWS / (3.0 * config.batchRows());
        int more = (int) Math.max(1, (left.toMillis() / 1e3 - validations) / stepSeconds);
        int steps = trainer.step() + more;
        int interval = Math.max(1, Math.ceilDiv(steps, VALIDATIONS));
        trainer.setSteps(steps, interval, interval);
    }

    private void run(
            int until, Batches data, List<Batch> validation, RunStart begin, TrainListener logs, BooleanSupplier stop) {
        try (var console = new TrainConsole(terminal, "training  ", until, begin.gemmFlops())) {
            console.start(trainer.step());
            trainer.run(until, data, validation, TrainListener.all(List.of(console, logs)), checkpoints, stop);
        }
    }

    private RunStart begin(TrainConfig config) {
        return new RunStart(
                trainer.step(),
                new Cost(trainer.model().config()).parameters(),
                config.compute(),
                GemmRate.measure(config.compute()),
                Machine.processors());
    }

    private List<Batch> validation(TrainConfig config) {
        long heldOut = text.heldOut().stream().mapToLong(TokenShard::numTokens).sum();
        int rows = (int) Math.min(VALIDATION_ROWS, heldOut / config.contextLength());
        if (rows == 0) {
            terminal.out()
                    .println("no validation: the held-out text has %d tokens, fewer than one row of %d"
                            .formatted(heldOut, config.contextLength()));
            return List.of();
        }
        var batches = new PackedBatches(
                Mixture.of("the held-out text", text.heldOut()),
                Packing.SEQUENTIAL,
                1,
                config.contextLength(),
                config.seed());
        List<Batch> validation = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            validation.add(batches.batch(i));
        }
        return validation;
    }

    @Override
    public void close() {
        trainer.close();
    }
}
