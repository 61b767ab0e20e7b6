package org.zebralm.train;

/// Which steps are skipped: those whose loss or gradient is not finite, and spikes.
///
/// @param spikeFactor a step is a spike if its gradient's norm exceeds this many times the median of the norms
///     of the `spikeWindow` steps last taken; 0 for no such rule
/// @param spikeWindow the steps the median is of; before as many were taken nothing is a spike
/// @param maxSkipped skipped steps in a row that end the run
public record GuardConfig(double spikeFactor, int spikeWindow, int maxSkipped) {
    public GuardConfig {
        if (spikeFactor != 0 && !(spikeFactor > 1 && Double.isFinite(spikeFactor))) {
            throw new IllegalArgumentException(
                    "spikeFactor must be above 1, or 0 for no spike rule: got " + spikeFactor);
        }
        Bounds.atLeast("spikeWindow", spikeWindow, 1);
        Bounds.atLeast("maxSkipped", maxSkipped, 1);
    }

    /// Returns a generous rule: ten times the median of 64 steps.
    public static GuardConfig defaults() {
        return new GuardConfig(10, 64, 5);
    }
}
