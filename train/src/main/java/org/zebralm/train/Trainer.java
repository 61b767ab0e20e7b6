package org.zebralm.train;

import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.zebralm.tensor.FreeMemory;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.TensorLists;

/// Trains a model: batch, layer walk, optimizer, now and then a validation and a checkpoint.
///
/// A run is a function of its configuration, its data and its first weights: [#restore] and [#run] continue an
/// interrupted one to the bit on the same kind of machine with the same number of threads. Owned by one
/// platform thread.
public final class Trainer implements AutoCloseable {
    private final Parameters parameters;
    private final Zebra zebra;
    private final Optimizer optimizer;
    private final StepGuard guard;
    private final @Nullable WeightAverage average;
    private final TrainingMemory memory;
    private final Recompute recompute;
    private TrainConfig config;
    private int step;

    /// Makes a trainer whose weights start from `initial`.
    public Trainer(ZebraConfig model, TrainConfig config, Params.Source initial, AttentionKernel kernel) {
        if (config.contextLength() > model.maxPositions()) {
            throw new IllegalArgumentException("contextLength must not exceed the model's maxPositions: got "
                    + config.contextLength() + " and " + model.maxPositions());
        }
        this.config = config;
        this.memory = new TrainingMemory(
                model,
                (long) config.batchRows() * config.contextLength(),
                config.compute(),
                config.loss().chunk());
        this.recompute = config.recompute() == Recompute.AUTO ? memory.choose(FreeMemory.bytes()) : config.recompute();
        this.parameters = new Parameters(initial, config.compute());
        try (var _ = Autograd.recording(false)) {
            this.zebra = Zebra.load(Params.of(parameters), model, kernel);
            this.optimizer = new Optimizer(parameters, config.optimizer());
            this.guard = new StepGuard(config.guard(), parameters);
            this.average = config.ema().enabled()
                    ? new WeightAverage(parameters, config.ema().decay())
                    : null;
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

    /// Returns what the run is to leave: the weights, or their average where the configuration says so.
    public SequencedMap<String, Tensor> result() {
        return average != null && config.ema().use() ? average.weights() : parameters.weights();
    }

    /// Returns the number of steps done.
    public int step() {
        return step;
    }

    public TrainConfig config() {
        return config;
    }

    /// Returns the memory that the run is expected to take.
    public TrainingMemory memory() {
        return memory;
    }

    /// Returns what is computed again on the way back, decided.
    public Recompute recompute() {
        return recompute;
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
            StepReport report = step(data);
            listener.onStep(report);
            if (guard.exhausted()) {
                throw diverged(report, listener, checkpoints);
            }
            boolean last = step == config.steps();
            if (!validation.isEmpty() && (last || every(config.validateEvery()))) {
                listener.onValidation(step, validate(validation));
            }
            if (checkpoints != null && (last || (every(config.saveEvery()) && !report.skipped()))) {
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
        var walk = new LayerWalk(zebra, parameters, config.loss(), recompute);
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
        loss /= Math.max(1, targets);
        double learningRate = config.learningRateAt(step);
        double norm;
        String objection;
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            norm = optimizer.gradientNorm();
            objection = guard.judge(loss, norm);
            if (objection == null) {
                optimizer.update(norm, learningRate);
                if (average != null) {
                    average.update(optimizer.updates());
                }
            }
            optimizer.clearGradients();
        }
        long firstBatch = (long) step * config.accumulation();
        step++;
        return new StepReport(
                step,
                config.steps(),
                loss,
                norm,
                learningRate,
                tokens,
                flops,
                clock.stop(),
                objection == null
                        ? null
                        : new StepReport.Skip(objection, firstBatch, firstBatch + config.accumulation() - 1));
    }

    /// Saves the weights as the last step taken left them, unless those are the trouble, and says what to do.
    private TrainingDiverged diverged(StepReport report, TrainListener listener, @Nullable Checkpoints checkpoints) {
        int skipped = config.guard().maxSkipped();
        boolean finite;
        try (var _ = Scope.open()) {
            guard.forgive();
            finite = Double.isFinite(
                    Arrays.stream(TensorLists.norms(List.copyOf(weights().values())))
                            .sum());
        }
        String saved = "";
        if (checkpoints != null && finite) {
            listener.onSaved(save(checkpoints));
            saved = ", and saved";
        }
        String weights = finite
                ? "the weights are those of step " + (step - skipped) + saved
                        + ": resume to go on with the batches that follow"
                : "the weights are no longer finite and were not saved: go back to an earlier checkpoint";
        return new TrainingDiverged("the run stopped at step %d after %d skipped steps in a row (the last: %s); %s, or"
                        .formatted(
                                step,
                                skipped,
                                Objects.requireNonNull(report.skip()).reason(),
                                weights)
                + " lower optimizer.learningRate (" + config.optimizer().learningRate() + ")");
    }

    /// Returns the mean loss per target over some batches, as a whole and by position, of what [#result] would
    /// leave now.
    public Validation validate(List<Batch> batches) {
        if (average == null || !config.ema().use()) {
            return losses(batches);
        }
        try (var _ = Autograd.recording(false)) {
            average.swap();
            try {
                return losses(batches);
            } finally {
                average.swap();
            }
        }
    }

    private Validation losses(List<Batch> batches) {
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

    /// Returns all that a run must restore besides its step, by name.
    SequencedMap<String, Tensor> state() {
        return parameters.state();
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
        return Checkpoint.metadata(step, config, zebra.config());
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
    }

    @Override
    public void close() {
        parameters.close();
    }
}
