package org.zebralm.train;

import org.jspecify.annotations.Nullable;

/// What one step did.
///
/// @param step steps done, this one included
/// @param steps steps of the whole run
/// @param loss mean over the step's targets, in nats
/// @param gradientNorm before clipping
/// @param learningRate of this step
/// @param tokens input tokens of this step
/// @param flops arithmetic of this step ([org.zebralm.model.Cost]), no credit for recomputation
/// @param times wall time of this step, by phase
/// @param skip set if the step changed nothing
public record StepReport(
        int step,
        int steps,
        double loss,
        double gradientNorm,
        double learningRate,
        long tokens,
        double flops,
        StepTimes times,
        @Nullable Skip skip) {
    /// Why a step was not taken, and of which batches it was made.
    ///
    /// @param reason as a sentence goes on after "skipped: "
    public record Skip(String reason, long firstBatch, long lastBatch) {
        /// Returns `batch 7`, or `batches 4 to 7`.
        public String batches() {
            return firstBatch == lastBatch ? "batch " + firstBatch : "batches " + firstBatch + " to " + lastBatch;
        }
    }

    /// Returns the wall time of this step.
    public double seconds() {
        return times.total();
    }

    public double tokensPerSecond() {
        return tokens / seconds();
    }

    public boolean skipped() {
        return skip != null;
    }
}
