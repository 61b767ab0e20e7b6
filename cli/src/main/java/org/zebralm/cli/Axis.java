package org.zebralm.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;

/// The range of a plot's axis and its ticks.
///
/// @param step distance of ticks: 1, 2 or 5 times a power of ten
record Axis(double low, double high, double step) implements Scale {

    /// An axis from the least to the greatest finite value, with about `numTicks` ticks inside.
    static Axis within(DoubleStream values, int numTicks) {
        var range = values.filter(Double::isFinite).summaryStatistics();
        double low = range.getCount() == 0 ? 0 : range.getMin();
        double high = range.getCount() == 0 ? 1 : range.getMax();
        if (low == high) {
            // One value only: give it room on both sides.
            double room = low == 0 ? 1 : Math.abs(low) / 2;
            low -= room;
            high += room;
        }
        return new Axis(low, high, round((high - low) / numTicks));
    }

    /// The same, made longer so that it ends on ticks.
    static Axis around(DoubleStream values, int numTicks) {
        Axis tight = within(values, numTicks);
        double step = tight.step;
        return new Axis(Math.floor(tight.low / step) * step, Math.ceil(tight.high / step) * step, step);
    }

    /// Where `value` lies between the ends: 0 at `low`, 1 at `high`.
    @Override
    public double share(double value) {
        return (value - low) / (high - low);
    }

    @Override
    public List<Double> ticks() {
        // The slack keeps a tick that rounding has put a hair outside.
        return LongStream.rangeClosed(
                        Math.round(Math.ceil(low / step - 1e-9)), Math.round(Math.floor(high / step + 1e-9)))
                .mapToObj(i -> i * step)
                .toList();
    }

    /// A tick's number, short: `0.25`, `12`, `1.5M`; as many decimals as the step needs.
    @Override
    public String label(double tick) {
        double largest = Math.max(Math.abs(low), Math.abs(high));
        if (largest < 1e4) {
            return trimmed(tick, 1, "");
        }
        int power = (int) Math.min(18, Math.floor(Math.log10(largest) / 3) * 3);
        return tick == 0 ? "0" : trimmed(tick, Math.pow(10, power), "kMGTPE".substring(power / 3 - 1, power / 3));
    }

    private static String trimmed(double tick, double unit, String suffix) {
        // Ten digits hide what binary fractions add to 0.1 + 0.2.
        var value = new BigDecimal(tick / unit).round(new MathContext(10, RoundingMode.HALF_EVEN));
        return (value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString()) + suffix;
    }

    /// The smallest of 1, 2, 5, 10, 20, ... that is at least `raw`.
    private static double round(double raw) {
        double power = Math.pow(10, Math.floor(Math.log10(raw)));
        double digit = raw / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }
}
