package org.zebralm.train;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.SealedFile;
import org.zebralm.data.Batch;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Cost;
import org.zebralm.model.TokenLoss;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Trains a model: batch, layer walk, optimizer, now and then a validation and a checkpoint.
///
/// A run is a function of its configuration, its data and its first weights: [#restore] and [#run] continue an
/// interrupted one to the bit on the same kind of machine with the same number of threads. Owned by one
/// platform thread.
public final class Trainer implements AutoCloseable {
    /// Steps in a row without a finite gradient after which a run gives up.
    private static final int MAX_SKIPPED = 5;

    private static final String SKIPPED_IN_A_ROW = "skippedInARow";

    private final Parameters parameters;
    private final Zebra zebra;
    private TrainConfig config;
    private int step;
    private int skippedInARow;

    /// Makes a trainer whose weights start from `initial`.
    public Trainer(ZebraConfig model, TrainConfig config, Params.Source initial, AttentionKernel kernel) {
        if (config.contextLength() > model.maxPositions()) {
            throw new IllegalArgumentException("contextLength must not exceed the model's maxPositions: got "
                    + config.contextLength() + " and " + model.maxPositions());
        }
        this.config = config;
        this.parameters = new Parameters(initial, config.compute());
        try (var _ = Autograd.recording(false)) {
            this.zebra = Zebra.load(Params.of(parameters), model, kernel);
        }
    }

    /// Returns the model being trained; its tensors move with every step.
    public Zebra model() {
        return zebra;
    }

    /// Returns the float32 weights by their names on disk.
    public SequencedMap<String, Tensor> weights() {
        return parameters.weights();
    }

    /// Returns the number of steps done.
    public int step() {
        return step;
    }

    public TrainConfig config() {
        return config;
    }

    /// Sets the length of the run while it still warms up, where the learning rate does not depend on it.
    public void setSteps(int steps, int validateEvery, int saveEvery) {
        if (step > config.schedule().warmupSteps()) {
            throw new IllegalStateException("the length of a run can be set during its warmup of "
                    + config.schedule().warmupSteps() + " steps only: it is at step " + step);
        }
        config = config.withSteps(steps, validateEvery, saveEvery);
    }

    /// Trains until `until` steps are done, or `stop` says so; always ends between two steps.
    public void run(
            int until,
            Batches data,
            List<Batch> validation,
            TrainListener listener,
            @Nullable Checkpoints checkpoints,
            BooleanSupplier stop) {
        while (step < Math.min(until, config.steps()) && !stop.getAsBoolean()) {
            listener.onStep(step(data));
            boolean last = step == config.steps();
            if (!validation.isEmpty() && (last || every(config.validateEvery()))) {
                listener.onValidation(step, validate(validation));
            }
            if (checkpoints != null && (last || every(config.saveEvery()))) {
                saveOrGoOn(checkpoints, last, listener);
            }
        }
    }

    /// Too full a disk ends no run that may yet be saved: whoever reads of it can make room until the next
    /// time. The last state has no next time.
    private void saveOrGoOn(Checkpoints checkpoints, boolean last, TrainListener listener) {
        SaveReport report;
        try {
            report = save(checkpoints);
        } catch (UncheckedIOException e) {
            if (last) {
                throw e;
            }
            Throwable cause = Objects.requireNonNull(e.getCause());
            listener.onNotSaved(step, Objects.requireNonNullElse(cause.getMessage(), cause.toString()));
            return;
        }
        listener.onSaved(report);
    }

    private boolean every(int interval) {
        return interval > 0 && step % interval == 0;
    }

    private StepReport step(Batches data) {
        var clock = new StepClock();
        clock.data();
        List<Batch> microBatches = new ArrayList<>(config.accumulation());
        long targets = 0;
        long tokens = 0;
        double flops = 0;
        var cost = new Cost(zebra.config());
        for (int i = 0; i < config.accumulation(); i++) {
            Batch batch = data.batch((long) step * config.accumulation() + i);
            microBatches.add(batch);
            targets += batch.numTargets();
            tokens += batch.inputs().length;
            flops += cost.trainingFlops(CumulativeLengths.of(batch.cumulativeLengths()));
        }
        var walk = new LayerWalk(zebra, parameters, config);
        double loss = 0;
        for (Batch batch : microBatches) {
            loss += walk.run(
                    batch.inputs(),
                    batch.targets(),
                    CumulativeLengths.of(batch.cumulativeLengths()),
                    1.0 / Math.max(1, targets),
                    clock);
        }
        clock.optimizer();
        double norm;
        double learningRate = config.learningRateAt(step);
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            norm = new AdamW(parameters, config).step(step);
        }
        step++;
        var report = new StepReport(
                step, config.steps(), loss / Math.max(1, targets), norm, learningRate, tokens, flops, clock.stop());
        skippedInARow = report.skipped() ? skippedInARow + 1 : 0;
        if (skippedInARow == MAX_SKIPPED) {
            throw new IllegalStateException("the gradient was not finite in " + MAX_SKIPPED
                    + " steps in a row, up to step " + step + "; lower optimizer.learningRate ("
                    + config.optimizer().learningRate()
                    + ") or resume from an earlier checkpoint");
        }
        return report;
    }

    /// Returns the mean loss per target over some batches, as a whole and by position.
    public Validation validate(List<Batch> batches) {
        var losses = new LossByPosition();
        try (var _ = Autograd.recording(false)) {
            for (Batch batch : batches) {
                var lengths = CumulativeLengths.of(batch.cumulativeLengths());
                losses.add(
                        TokenLoss.each(
                                zebra,
                                batch.inputs(),
                                batch.targets(),
                                lengths,
                                config.loss().chunk()),
                        batch.targets(),
                        lengths);
            }
        }
        return losses.mean();
    }

    /// Writes all that a later [#restore] needs.
    ///
    /// @throws UncheckedIOException if there is too little disk for it, or it cannot be written
    public SaveReport save(Checkpoints checkpoints) {
        return checkpoints.save(step, parameters.state(), metadata());
    }

    /// Fails unless the disk has room for the checkpoints that the rest of the run keeps at a time.
    ///
    /// @throws UncheckedIOException naming what is needed and what is free
    public void requireRoom(Checkpoints checkpoints) {
        int left = config.steps() - step;
        if (left == 0) {
            return;
        }
        int saves = config.saveEvery() == 0 ? 1 : Math.ceilDiv(left, config.saveEvery());
        checkpoints.requireRoom(SealedFile.size(parameters.state(), metadata()), saves);
    }

    private Map<String, String> metadata() {
        return Checkpoint.metadata(step, config, zebra.config(), Map.of(SKIPPED_IN_A_ROW, skippedInARow));
    }

    /// Takes a checkpoint's state over; its configuration must be this trainer's.
    public void restore(Checkpoint saved) {
        restore(saved, false);
    }

    /// Takes a checkpoint's state over.
    ///
    /// @param changesAccepted whether the run goes on with this trainer's configuration where it differs in
    ///     settings that [ResumeRules] leaves free
    /// @throws IllegalArgumentException naming each difference that stands in the way
    public void restore(Checkpoint saved, boolean changesAccepted) {
        saved.requireFit(config, zebra.config(), changesAccepted);
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            saved.read(parameters::restore);
        }
        step = saved.step();
        skippedInARow = saved.counters().getOrDefault(SKIPPED_IN_A_ROW, 0);
    }

    @Override
    public void close() {
        parameters.close();
    }
}
