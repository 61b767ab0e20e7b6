package org.zebralm.train;

import org.zebralm.tensor.DType;

/// Everything that decides a run's numbers besides model and data.
///
/// One step takes `batchRows * accumulation` rows of `contextLength` tokens. Intervals count steps; 0 means
/// never.
public record TrainConfig(
        int contextLength,
        int batchRows,
        int accumulation,
        int steps,
        OptimizerConfig optimizer,
        ScheduleConfig schedule,
        LossConfig loss,
        GuardConfig guard,
        EmaConfig ema,
        DType compute,
        Recompute recompute,
        int validateEvery,
        int saveEvery,
        int keepCheckpoints,
        long seed) {
    public TrainConfig {
        Bounds.atLeast("contextLength", contextLength, 2);
        Bounds.atLeast("batchRows", batchRows, 1);
        Bounds.atLeast("accumulation", accumulation, 1);
        Bounds.atLeast("steps", steps, 1);
        Bounds.atLeast("validateEvery", validateEvery, 0);
        Bounds.atLeast("saveEvery", saveEvery, 0);
        Bounds.atLeast("keepCheckpoints", keepCheckpoints, 1);
        if (compute != DType.FLOAT32 && compute != DType.BFLOAT16) {
            throw new IllegalArgumentException("compute must be float32 or bfloat16: got " + compute.label());
        }
        schedule.requireFits(steps);
    }

    /// Returns settings that suit a small model on one machine; `steps` and the data decide the rest.
    public static TrainConfig defaults() {
        return new TrainConfig(
                2048,
                2,
                1,
                1000,
                OptimizerConfig.defaults(),
                ScheduleConfig.defaults(),
                LossConfig.defaults(),
                GuardConfig.defaults(),
                EmaConfig.none(),
                DType.BFLOAT16,
                Recompute.AUTO,
                100,
                200,
                2,
                0);
    }

    public TrainConfig withSteps(int steps, int validateEvery, int saveEvery) {
        return new TrainConfig(
                contextLength,
                batchRows,
                accumulation,
                steps,
                optimizer,
                schedule,
                loss,
                guard,
                ema,
                compute,
                recompute,
                validateEvery,
                saveEvery,
                keepCheckpoints,
                seed);
    }

    /// Returns a run of the same size that learns in another way.
    public TrainConfig with(
            OptimizerConfig optimizer, ScheduleConfig schedule, LossConfig loss, GuardConfig guard, EmaConfig ema) {
        return new TrainConfig(
                contextLength,
                batchRows,
                accumulation,
                steps,
                optimizer,
                schedule,
                loss,
                guard,
                ema,
                compute,
                recompute,
                validateEvery,
                saveEvery,
                keepCheckpoints,
                seed);
    }

    /// Returns the tokens of one step.
    public long tokensPerStep() {
        return (long) contextLength * batchRows * accumulation;
    }

    /// Returns the learning rate of a step, counted from 0.
    public double learningRateAt(int step) {
        return optimizer.learningRate() * schedule.shareAt(step, steps);
    }
}
