package org.zebralm.bench;

import java.util.Arrays;
import org.zebralm.tensor.Scope;

/// Times one contender: warm-up, then repetitions of enough calls for the clock.
final class Stopwatch {
    /// C2 compiles a kernel in steps over several calls.
    private static final int WARM_UP_CALLS = 5;
    /// A repetition is at least this long, so that neither the clock's grain nor threads waking up from the
    /// other implementation's turn matter.
    private static final double REPETITION_SECONDS = 0.05;

    /// A longer call does not feel what the other's turn left behind.
    private static final double SHORT_SECONDS = 0.5;

    private final Contender contender;
    private final double expected;
    private final double[] repetitions;
    private final int calls;
    private int done;

    /// Warms `contender` up.
    ///
    /// @param expectedSeconds of a call
    Stopwatch(Contender contender, double expectedSeconds, BenchSettings settings) {
        this.contender = contender;
        expected = warmUp(contender, settings.warmUpSeconds(), settings.limitSeconds() / 4, expectedSeconds);
        calls = (int) Math.clamp(Math.ceil(REPETITION_SECONDS / expected), 1, 1e6);
        int fitting = (int) Math.clamp(settings.limitSeconds() / (calls * expected), 1, settings.repeats());
        repetitions = new double[fitting];
    }

    /// Calls once, then until the time is over, and for up to three times as long until there were five calls;
    /// but no longer than `mostSeconds`: what takes longer than that has been warmed up by shorter lengths.
    ///
    /// Returns the seconds of the quickest call, or those expected if there was none.
    static double warmUp(Contender contender, double leastSeconds, double mostSeconds, double expectedSeconds) {
        double best = Double.POSITIVE_INFINITY;
        double spent = 0;
        try (var _ = contender.turn()) {
            for (int call = 0;
                    call == 0 || spent < leastSeconds || (call < WARM_UP_CALLS && spent < 3 * leastSeconds);
                    call++) {
                if (spent + (call == 0 ? expectedSeconds : best) > mostSeconds) {
                    break;
                }
                double seconds = time(contender, 1);
                best = Math.min(best, seconds);
                spent += seconds;
            }
        }
        return best == Double.POSITIVE_INFINITY ? expectedSeconds : best;
    }

    /// Returns whether repetitions are left.
    boolean isRunning() {
        return done < repetitions.length;
    }

    /// Runs one repetition.
    void repeat() {
        try (var _ = contender.turn()) {
            if (expected < SHORT_SECONDS) {
                call(contender); // buffers and threads settle after the other's turn
            }
            repetitions[done++] = time(contender, calls) / calls;
        }
    }

    /// Returns the row, of the repetitions done so far, of which there must be one.
    Row.Measured row(AttentionCase attention, Implementation implementation) {
        double[] sorted = Arrays.copyOf(repetitions, done);
        Arrays.sort(sorted);
        double median = (sorted[(done - 1) / 2] + sorted[done / 2]) / 2;
        return new Row.Measured(attention, implementation, median, sorted[0], done, calls);
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
