package org.zebralm.cli;

import java.nio.file.Path;
import java.util.Arrays;

/// What a run's metrics say of it, interruptions included.
///
/// @param lossFirst loss of the first step
/// @param lossLast mean loss of the last tenth of the steps, at most 20: one batch alone is noisy
/// @param validationLoss the last one, or NaN without any
/// @param seconds time spent in steps
record RunResult(int steps, long tokens, double lossFirst, double lossLast, double validationLoss, double seconds) {
    private static final int LAST = 20;

    static RunResult of(Path metrics) {
        RunHistory history = RunHistory.read(metrics);
        if (history.isEmpty()) {
            throw new IllegalArgumentException(metrics + " reports no step");
        }
        return of(history);
    }

    /// Returns the result of a history that is not empty.
    static RunResult of(RunHistory history) {
        double[] loss = history.column(RunHistory.LOSS);
        int end = loss.length - 1;
        int last = Math.clamp(loss.length / 10, 1, LAST);
        return new RunResult(
                (int) history.steps()[end],
                (long) history.tokens()[end],
                loss[0],
                Arrays.stream(loss, loss.length - last, loss.length)
                        .filter(Double::isFinite)
                        .average()
                        .orElse(Double.NaN),
                history.validations().isEmpty()
                        ? Double.NaN
                        : history.validations().getLast().validation().loss(),
                history.seconds()[end]);
    }

    double tokensPerSecond() {
        return tokens / seconds;
    }
}
