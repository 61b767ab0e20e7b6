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
        double learningRate,
        double minLearningRate,
        int warmupSteps,
        double weightDecay,
        double beta1,
        double beta2,
        double adamEps,
        double clipNorm,
        DType compute,
        Recompute recompute,
        int lossChunk,
        int validateEvery,
        int saveEvery,
        int keepCheckpoints,
        long seed) {
    /// What is computed again on the way back instead of being stored.
    public enum Recompute {
        /// Nothing: fastest, and memory grows with every layer's activations.
        NONE,
        /// Each layer from its input: memory for one layer's activations, a third more arithmetic.
        LAYER
    }

    public TrainConfig {
        atLeast("contextLength", contextLength, 2);
        atLeast("batchRows", batchRows, 1);
        atLeast("accumulation", accumulation, 1);
        atLeast("steps", steps, 1);
        atLeast("warmupSteps", warmupSteps, 0);
        atLeast("lossChunk", lossChunk, 1);
        atLeast("validateEvery", validateEvery, 0);
        atLeast("saveEvery", saveEvery, 0);
        atLeast("keepCheckpoints", keepCheckpoints, 1);
        positive("learningRate", learningRate);
        positive("adamEps", adamEps);
        positive("clipNorm", clipNorm);
        if (!(minLearningRate >= 0 && minLearningRate <= learningRate)) {
            throw new IllegalArgumentException("minLearningRate must be between 0 and learningRate: got "
                    + minLearningRate + " and " + learningRate);
        }
        if (!(weightDecay >= 0 && weightDecay < 1)) {
            throw new IllegalArgumentException("weightDecay must be at least 0 and below 1: got " + weightDecay);
        }
        fraction("beta1", beta1);
        fraction("beta2", beta2);
        if (compute != DType.FLOAT32 && compute != DType.BFLOAT16) {
            throw new IllegalArgumentException("compute must be float32 or bfloat16: got " + compute.label());
        }
        if (warmupSteps >= steps && steps > 1) {
            throw new IllegalArgumentException("warmupSteps must be below steps: got " + warmupSteps + " and " + steps);
        }
    }

    /// Returns settings that suit a small model on one machine; `steps` and the data decide the rest.
    public static TrainConfig defaults() {
        return new TrainConfig(
                2048,
                2,
                1,
                1000,
                1e-3,
                1e-4,
                50,
                0.1,
                0.9,
                0.95,
                1e-8,
                1.0,
                DType.BFLOAT16,
                Recompute.NONE,
                1024,
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
                learningRate,
                minLearningRate,
                warmupSteps,
                weightDecay,
                beta1,
                beta2,
                adamEps,
                clipNorm,
                compute,
                recompute,
                lossChunk,
                validateEvery,
                saveEvery,
                keepCheckpoints,
                seed);
    }

    /// Returns the tokens of one step.
    public long tokensPerStep() {
        return (long) contextLength * batchRows * accumulation;
    }

    /// Returns the learning rate of a step, counted from 0: a linear warmup, then half a cosine down to the
    /// minimum.
    public double learningRateAt(int step) {
        if (step < warmupSteps) {
            return learningRate * (step + 1) / warmupSteps;
        }
        double progress = (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps);
        return minLearningRate
                + (learningRate - minLearningRate) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
    }

    private static void atLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + " must be at least " + least + ": got " + value);
        }
    }

    private static void positive(String name, double value) {
        if (!(value > 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(name + " must be above 0: got " + value);
        }
    }

    private static void fraction(String name, double value) {
        if (!(value > 0 && value < 1)) {
            throw new IllegalArgumentException(name + " must be between 0 and 1: got " + value);
        }
    }
}
