package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;

/// A logarithmic axis that ends where the values do; those that are not above 0 have no place on it.
record LogScale(double low, double high) implements Scale {
    /// Up to this many powers of ten their doubles and fivefolds are ticks too.
    private static final double FEW_POWERS = 3;

    private static final double WIDENED = 1.6;

    static LogScale within(DoubleStream values) {
        var range = values.filter(value -> value > 0 && Double.isFinite(value)).summaryStatistics();
        if (range.getCount() == 0) {
            return new LogScale(1, 10);
        }
        // A range without a tick would tell nothing.
        double room = range.getMax() < range.getMin() * WIDENED * WIDENED ? WIDENED : 1;
        return new LogScale(range.getMin() / room, range.getMax() * room);
    }

    @Override
    public double share(double value) {
        return value > 0 ? Math.log(value / low) / Math.log(high / low) : Double.NaN;
    }

    @Override
    public List<Double> ticks() {
        double[] digits = Math.log10(high / low) <= FEW_POWERS ? new double[] {1, 2, 5} : new double[] {1};
        List<Double> ticks = new ArrayList<>();
        for (int power = (int) Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
            for (double digit : digits) {
                // Not Math.pow alone: 10^-1 times 2 has more digits than 0.2.
                double tick = power < 0 ? digit / Math.pow(10, -power) : digit * Math.pow(10, power);
                if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) {
                    ticks.add(tick);
                }
            }
        }
        return ticks;
    }

    @Override
    public String label(double tick) {
        return Units.count(tick);
    }
}
