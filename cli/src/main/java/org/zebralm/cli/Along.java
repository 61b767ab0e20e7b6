package org.zebralm.cli;

import java.util.Arrays;
import java.util.stream.DoubleStream;

/// What a report's charts run along; the reader chooses.
enum Along {
    STEPS("steps", "steps", "step"),
    LOG_STEPS("log-steps", "steps, log", "step"),
    TOKENS("tokens", "tokens", "tokens"),
    HOURS("hours", "time", "hours");

    private static final int NUM_TICKS = 6;
    private static final double SECONDS_PER_HOUR = 3600;

    private final String id;
    private final String label;
    private final String unit;

    Along(String id, String label, String unit) {
        this.id = id;
        this.label = label;
        this.unit = unit;
    }

    /// Returns its name in the page's style sheet.
    String id() {
        return id;
    }

    /// Returns what the reader chooses by.
    String label() {
        return label;
    }

    /// Returns what stands below the axis.
    String title() {
        return this == HOURS ? "hours in steps" : label;
    }

    /// Returns what stands before a value of it.
    String unit() {
        return unit;
    }

    double[] of(RunHistory history) {
        return switch (this) {
            case STEPS, LOG_STEPS -> history.steps();
            case TOKENS -> history.tokens();
            case HOURS ->
                Arrays.stream(history.seconds())
                        .map(seconds -> seconds / SECONDS_PER_HOUR)
                        .toArray();
        };
    }

    double of(RunHistory.Validated validated) {
        return switch (this) {
            case STEPS, LOG_STEPS -> validated.step();
            case TOKENS -> validated.tokens();
            case HOURS -> validated.seconds() / SECONDS_PER_HOUR;
        };
    }

    Scale scale(DoubleStream values) {
        return this == LOG_STEPS ? LogScale.within(values) : Axis.within(values, NUM_TICKS);
    }
}
