package org.zebralm.bench;

import java.util.Arrays;
import org.zebralm.tensor.Scope;

/// Times one contender: warm-up, then repetitions of enough calls for the clock.
final class Stopwatch {
    /// C2 compiles a kernel in steps over several calls.
    private static final int WARM_UP_CALLS = 5;
    /// A call counts as quicker than the best before it if it takes less by at least this share.
    private static final double SETTLED = 0.05;
    /// How many times the asked time those calls may take.
    private static final double LONGEST_WARM_UP = 3;
    /// A repetition is at least this long, so that neither the clock's grain nor threads waking up from the
    /// other implementation's turn matter.
    private static final double REPETITION_SECONDS = 0.05;

    /// A longer call does not feel what the other's turn left behind.
    private static final double SHORT_SECONDS = 0.5;

    private final Contender contender;
    private final double expected;
    private final double[] repetitions;
    private final double[] reads;
    private final int calls;
    private int done;

    /// Warms `contender` up.
    ///
    /// @param expectedSeconds of a call
    Stopwatch(Contender contender, double expectedSeconds, BenchSettings settings) {
        this.contender = contender;
        double least = settings.warmUpSeconds();
        // Even under a short limit the first row of a kernel is warm: it compiles for a second and more.
        double most = Math.max(settings.limitSeconds() / 4, LONGEST_WARM_UP * least);
        expected = warmUp(contender, least, most, expectedSeconds);
        calls = (int) Math.clamp(Math.ceil(REPETITION_SECONDS / expected), 1, 1e6);
        int fitting = (int) Math.clamp(settings.limitSeconds() / (calls * expected), 1, settings.repeats());
        repetitions = new double[fitting];
        reads = new double[fitting];
    }

    /// Calls once, then until the time is over, and for up to three times as long until there were five calls
    /// and half of the time has brought no quicker one. A call that takes longer than `mostSeconds` is not
    /// warmed up: shorter lengths did that.
    ///
    /// Returns the seconds of the quickest call, or those expected if there was none.
    static double warmUp(Contender contender, double leastSeconds, double mostSeconds, double expectedSeconds) {
        if (expectedSeconds > mostSeconds) {
            return expectedSeconds;
        }
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        double quickerUntil = 0;
        int done = 0;
        try (var _ = contender.turn()) {
            do {
                double seconds = time(contender, 1);
                spent += seconds;
                done++;
                if (seconds < (1 - SETTLED) * best) {
                    quickerUntil = spent;
                }
                best = Math.min(best, seconds);
            } while (spent < leastSeconds
                    || (spent < LONGEST_WARM_UP * leastSeconds && (done < WARM_UP_CALLS || spent < 2 * quickerUntil)));
        }
        return best;
    }

    /// Returns whether repetitions are left.
    boolean isRunning() {
        return done < repetitions.length;
    }

    /// Runs one repetition, given what memory reads just before it, or NaN.
    void repeat(double readGigabytesPerSecond) {
        reads[done] = readGigabytesPerSecond;
        try (var _ = contender.turn()) {
            if (expected < SHORT_SECONDS) {
                call(contender); // buffers and threads settle after the other's turn
            }
            repetitions[done++] = time(contender, calls) / calls;
        }
    }

    /// Returns the row, of the repetitions done so far, of which there must be one.
    Row.Measured row(AttentionCase attention, Implementation implementation) {
        double best = Arrays.stream(repetitions, 0, done).min().orElseThrow();
        return new Row.Measured(
                attention,
                implementation,
                Median.of(Arrays.copyOf(repetitions, done)),
                best,
                done,
                calls,
                Median.of(Arrays.copyOf(reads, done)));
    }

    private static double time(Contender contender, int calls) {
        long start = System.nanoTime();
        for (int i = 0; i < calls; i++) {
            call(contender);
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private static void call(Contender contender) {
        try (var _ = Scope.open()) {
            contender.run();
        }
    }
}
