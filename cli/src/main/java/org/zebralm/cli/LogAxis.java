package org.zebralm.cli;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/// A plot's axis in powers of ten, from one power to another.
record LogAxis(int lowPower, int highPower) {
    /// The powers of ten around the values, all of which must be above 0.
    static LogAxis around(DoubleStream values) {
        var range = values.map(Math::log10).summaryStatistics();
        if (range.getCount() == 0) {
            return new LogAxis(0, 1);
        }
        // The slack keeps a value that is a power of ten from getting an empty decade.
        int low = (int) Math.floor(range.getMin() + 1e-9);
        return new LogAxis(low, Math.max(low + 1, (int) Math.ceil(range.getMax() - 1e-9)));
    }

    /// Where `value` lies between the ends: 0 at the low one, 1 at the high one.
    double share(double value) {
        return (Math.log10(value) - lowPower) / (highPower - lowPower);
    }

    /// The powers of ten from end to end.
    List<Double> ticks() {
        return IntStream.rangeClosed(lowPower, highPower)
                .mapToObj(power -> Math.pow(10, power))
                .toList();
    }
}
