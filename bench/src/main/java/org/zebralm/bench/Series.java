package org.zebralm.bench;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/// One kind of attention at growing lengths, the implementations in turn.
///
/// What a length took foretells the next, so that a row which would take hours is left out instead of begun.
final class Series {
    /// The most memory a mask may take; larger ones are left out.
    static final long MOST_MASK_BYTES = 1L << 30;
    /// Reads of memory before a repetition, of which the best counts.
    private static final int READS = 2;
    /// Where a series that starts longer is tried first, to foretell what it will take.
    private static final int TRIAL_LENGTH = 1024;

    private final BenchSettings settings;
    private final Map<Implementation, Forecast> forecasts = new EnumMap<>(Implementation.class);
    private final Consumer<Row> rows;
    private final BooleanSupplier stopped;

    Series(BenchSettings settings, Consumer<Row> rows, BooleanSupplier stopped) {
        this.settings = settings;
        this.rows = rows;
        this.stopped = stopped;
    }

    /// Times the implementations on one case, at which none may be shorter than the case before.
    void time(AttentionCase attention) {
        var running = new EnumMap<Implementation, Stopwatch>(Implementation.class);
        List<Contender> contenders = new ArrayList<>();
        try {
            for (Implementation implementation : settings.implementations()) {
                if (stopped.getAsBoolean()) {
                    return;
                }
                if (mask(implementation, attention) > MOST_MASK_BYTES) {
                    skip(attention, implementation, new Row.MaskTooLarge(mask(implementation, attention)));
                    continue;
                }
                double expected = expect(implementation, attention);
                if (expected > settings.limitSeconds()) {
                    skip(attention, implementation, new Row.TooSlow(expected));
                    continue;
                }
                Contender contender = Contender.of(implementation, attention);
                contenders.add(contender);
                running.put(implementation, new Stopwatch(contender, expected, settings));
            }
            if (attention.pass() == Pass.DECODE) {
                try (var memory = new MemoryRead()) {
                    alternate(running, () -> memory.gigabytesPerSecond(READS));
                }
            } else {
                alternate(running, () -> Double.NaN);
            }
        } finally {
            contenders.forEach(Contender::close);
        }
        running.forEach((implementation, stopwatch) -> finish(attention, implementation, stopwatch));
    }

    /// A repetition of each in turn, so that a slow spell of the machine meets all of them, and its memory's rate.
    private void alternate(Map<Implementation, Stopwatch> running, DoubleSupplier read) {
        while (running.values().stream().anyMatch(Stopwatch::isRunning)) {
            for (Stopwatch stopwatch : running.values()) {
                if (stopwatch.isRunning() && !stopped.getAsBoolean()) {
                    stopwatch.repeat(read.getAsDouble());
                }
            }
            if (stopped.getAsBoolean()) {
                running.clear(); // a row of fewer repetitions than asked for is none
            }
        }
    }

    private void finish(AttentionCase attention, Implementation implementation, Stopwatch stopwatch) {
        Row.Measured row = stopwatch.row(attention, implementation);
        forecasts.put(implementation, new Forecast(implementation, attention, row.seconds()));
        rows.accept(row);
    }

    private void skip(AttentionCase attention, Implementation implementation, Row.Reason reason) {
        rows.accept(new Row.Skipped(attention, implementation, reason));
    }

    private static long mask(Implementation implementation, AttentionCase attention) {
        return implementation == Implementation.TORCH ? TorchLayout.maskBytes(attention) : 0;
    }

    /// Returns the seconds that a call is expected to take; 0, without trying, where it is short anyway.
    private double expect(Implementation implementation, AttentionCase attention) {
        Forecast forecast = forecasts.get(implementation);
        if (forecast == null) {
            if (attention.length() <= TRIAL_LENGTH) {
                return 0;
            }
            forecast = tryOut(implementation, attention.withLength(TRIAL_LENGTH));
            forecasts.put(implementation, forecast);
        }
        return forecast.of(attention);
    }

    private Forecast tryOut(Implementation implementation, AttentionCase attention) {
        try (Contender contender = Contender.of(implementation, attention)) {
            double seconds = Stopwatch.warmUp(contender, settings.warmUpSeconds(), settings.limitSeconds(), 0);
            return new Forecast(implementation, attention, seconds);
        }
    }
}
