package org.zebralm.train;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Decides which steps are skipped, from the gradient norms of the steps taken before.
///
/// What it remembers lives with the [Parameters] and is saved with them, so that a resumed run decides alike.
final class StepGuard {
    private final GuardConfig config;
    /// Norms of the last steps taken, oldest first; not a number where there were fewer.
    private final Tensor norms;

    private final Counter skippedInARow;

    StepGuard(GuardConfig config, Parameters memory) {
        this.config = config;
        try (var _ = Scope.open()) {
            double[] none = new double[config.spikeWindow()];
            Arrays.fill(none, Double.NaN);
            this.norms = memory.remember("guard.norms", Tensors.of(none, none.length));
            this.skippedInARow = new Counter("guard.skippedInARow", memory);
        }
    }

    /// Returns why a step of this loss and gradient norm must be skipped, or null if it may be taken; remembers
    /// what it decided.
    @Nullable
    String judge(double loss, double norm) {
        String objection = objection(loss, norm);
        if (objection == null) {
            remember(norm);
            skippedInARow.set(0);
        } else {
            skippedInARow.set(skippedInARow.get() + 1);
        }
        return objection;
    }

    private @Nullable String objection(double loss, double norm) {
        if (!Double.isFinite(loss)) {
            return "its loss is not finite";
        } else if (!Double.isFinite(norm)) {
            return "its gradient is not finite";
        } else if (config.spikeFactor() > 0) {
            double median = median(norms.toDoubles());
            // Before the window is full the median is not a number, and nothing exceeds it.
            if (norm > config.spikeFactor() * median && median > 0) {
                return String.format(
                        Locale.ROOT,
                        "its gradient norm, %.4g, is over %.4g times the median of the last %d steps, %.4g",
                        norm,
                        config.spikeFactor(),
                        config.spikeWindow(),
                        median);
            }
        }
        return null;
    }

    private void remember(double norm) {
        double[] last = norms.toDoubles();
        System.arraycopy(last, 1, last, 0, last.length - 1);
        last[last.length - 1] = norm;
        norms.copyInPlace(Tensors.of(last, last.length));
    }

    /// Returns the middle value, or the mean of the two in the middle; not a number if one is none.
    private static double median(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted); // puts what is not a number last
        if (Double.isNaN(sorted[sorted.length - 1])) {
            return Double.NaN;
        }
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /// Returns whether so many steps in a row were skipped that the run must end.
    boolean exhausted() {
        return skippedInARow.get() >= config.maxSkipped();
    }

    /// Counts anew: who resumes a run that ended so has decided to go on.
    void forgive() {
        skippedInARow.set(0);
    }
}
