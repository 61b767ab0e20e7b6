package org.zebralm.train;

/// How the learning rate moves over a run, as a share of its peak.
///
/// The first `warmupSteps` steps rise linearly to the peak. Every schedule but the constant one then ends at
/// `finalShare` of it, which the step after the last would have.
///
/// @param warmupSteps steps of the rise, the last of them at the peak; 0 for none
/// @param finalShare what is left of the peak at the end, from 0 to 1
/// @param decayShare the share of all steps in which [Kind#WSD] falls, above 0 and at most 1
public record ScheduleConfig(Kind kind, int warmupSteps, double finalShare, double decayShare) {
    /// The course after the warmup.
    public enum Kind {
        /// The peak to the end.
        CONSTANT,
        /// Half a cosine (arXiv 1608.03983, without restarts).
        COSINE,
        /// A straight line.
        LINEAR,
        /// Warmup, stable, decay (arXiv 2404.06395): the peak, then a straight line over the last `decayShare`
        /// of all steps.
        WSD
    }

    public ScheduleConfig {
        Bounds.atLeast("warmupSteps", warmupSteps, 0);
        Bounds.share("finalShare", finalShare);
        if (!(decayShare > 0 && decayShare <= 1)) {
            throw new IllegalArgumentException("decayShare must be above 0 and at most 1: got " + decayShare);
        }
    }

    /// Returns a cosine to a tenth of the peak after 50 steps of warmup.
    public static ScheduleConfig defaults() {
        return new ScheduleConfig(Kind.COSINE, 50, 0.1, 0.2);
    }

    public ScheduleConfig withWarmupSteps(int warmupSteps) {
        return new ScheduleConfig(kind, warmupSteps, finalShare, decayShare);
    }

    /// Fails unless a run of `steps` steps has room for this schedule.
    void requireFits(int steps) {
        if (warmupSteps >= steps && steps > 1) {
            throw new IllegalArgumentException(
                    "schedule.warmupSteps must be below steps: got " + warmupSteps + " and " + steps);
        }
        if (kind == Kind.WSD && warmupSteps > decayStart(steps)) {
            throw new IllegalArgumentException(
                    "schedule.warmupSteps must end before the decay, which takes decayShare of all steps: got "
                            + warmupSteps + " steps of warmup, and a decay from step " + decayStart(steps) + " to "
                            + steps);
        }
    }

    /// Returns the share of the peak at a step of a run of `steps`, counted from 0.
    public double shareAt(int step, int steps) {
        if (step < warmupSteps) {
            return (double) (step + 1) / warmupSteps;
        }
        return switch (kind) {
            case CONSTANT -> 1;
            case COSINE -> fall(0.5 * (1 + Math.cos(Math.PI * progress(step, warmupSteps, steps))));
            case LINEAR -> fall(1 - progress(step, warmupSteps, steps));
            case WSD -> fall(1 - progress(step, decayStart(steps), steps));
        };
    }

    private double fall(double left) {
        return finalShare + (1 - finalShare) * left;
    }

    private static double progress(int step, int start, int end) {
        return Math.clamp((double) (step - start) / Math.max(1, end - start), 0, 1);
    }

    private int decayStart(int steps) {
        return steps - (int) Math.max(1, Math.round(decayShare * steps));
    }
}
