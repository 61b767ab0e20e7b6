package org.zebralm.train;

import org.jspecify.annotations.Nullable;

/// Reports of made-up steps.
final class StepReports {
    private StepReports() {}

    /// Returns step `step`: its loss, 1000 tokens in 0.1 + 0.2 + 0.5 + 0.2 seconds, 3e9 FLOPs.
    static StepReport step(int step, double loss) {
        return report(step, loss, 0.75, null);
    }

    /// Returns a step without a finite gradient.
    static StepReport skipped(int step) {
        return report(
                step,
                Double.NaN,
                Double.POSITIVE_INFINITY,
                new StepReport.Skip("its loss is not finite", 2L * step, 2L * step + 1));
    }

    private static StepReport report(int step, double loss, double norm, StepReport.@Nullable Skip skip) {
        return new StepReport(step, 100, loss, norm, 1e-3, 1000, 3e9, new StepTimes(0.1, 0.2, 0.5, 0.2), skip);
    }
}
