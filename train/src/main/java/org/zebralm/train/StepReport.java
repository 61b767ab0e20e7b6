package org.zebralm.train;

/// What one step did.
///
/// @param step steps done, this one included
/// @param steps steps of the whole run
/// @param loss mean over the step's targets, in nats
/// @param gradientNorm before clipping; not finite means that the step was skipped
/// @param learningRate of this step
/// @param tokens input tokens of this step
/// @param flops arithmetic of this step ([org.zebralm.model.Cost]), no credit for recomputation
/// @param times wall time of this step, by phase
public record StepReport(
        int step,
        int steps,
        double loss,
        double gradientNorm,
        double learningRate,
        long tokens,
        double flops,
        StepTimes times) {
    /// Returns the wall time of this step.
    public double seconds() {
        return times.total();
    }

    public double tokensPerSecond() {
        return tokens / seconds();
    }

    public boolean skipped() {
        return !Double.isFinite(gradientNorm);
    }
}
