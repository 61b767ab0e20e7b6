package org.zebralm.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;

/// Numbers for people: `1.2 MiB`, `3.4M`, `43%`, `2m 05s`.
///
/// About three digits carry all that a person compares; where a program reads, print exact numbers instead.
public final class Units {
    private static final String[] BINARY = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    private static final String[] DECIMAL = {"", "k", "M", "G", "T", "P", "E"};

    private Units() {}

    /// Bytes in powers of 1024: `512 B`, `1.5 KiB`, `360 MiB`.
    public static String bytes(long bytes) {
        return scaled((double) bytes, 1024, BINARY, " ");
    }

    /// A count in powers of 1000: `950`, `1.2k`, `10.4M`.
    public static String count(double count) {
        return scaled(count, 1000, DECIMAL, "");
    }

    /// A share of 1: `0.2%`, `8.6%`, `43%`.
    public static String percent(double share) {
        return Double.isFinite(share)
                ? (Math.abs(share) < 0.0995 ? "%.1f%%" : "%.0f%%").formatted(100 * share)
                : Double.toString(share);
    }

    /// A span of time in its two largest units: `0.35s`, `42s`, `2m 05s`, `3h 07m`, `2d 04h`.
    public static String duration(Duration time) {
        if (time.isNegative()) {
            return "-" + duration(time.negated());
        }
        if (time.toMillis() < 9_950) {
            return shortened(time.toMillis() / 1000.0, 2) + "s";
        }
        long seconds = time.plusMillis(500).toSeconds();
        if (seconds < 60) {
            return seconds + "s";
        } else if (seconds < 3600) {
            return twoUnits(seconds / 60, "m", seconds % 60, "s");
        } else if (seconds < 86_400) {
            return twoUnits(seconds / 3600, "h", seconds / 60 % 60, "m");
        } else {
            return twoUnits(seconds / 86_400, "d", seconds / 3600 % 24, "h");
        }
    }

    /// A measured time with three digits: `85.2 µs`, `3.1 ms`, `132 s`.
    public static String seconds(double seconds) {
        if (!Double.isFinite(seconds)) {
            return Double.toString(seconds);
        } else if (seconds < 0.9995e-3) {
            return shortened(seconds * 1e6, 3) + " µs";
        } else if (seconds < 0.9995) {
            return shortened(seconds * 1e3, 3) + " ms";
        } else {
            return (seconds < 999.5 ? shortened(seconds, 3) : Long.toString(Math.round(seconds))) + " s";
        }
    }

    private static String twoUnits(long large, String largeUnit, long small, String smallUnit) {
        return "%d%s %02d%s".formatted(large, largeUnit, small, smallUnit);
    }

    private static String scaled(double value, int base, String[] units, String gap) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        double size = value;
        int unit = 0;
        // From half below the base on, rounding would print "1000k" or "1024 KiB".
        while (Math.abs(size) >= (unit == 0 ? base : base - 0.5) && unit < units.length - 1) {
            size /= base;
            unit++;
        }
        boolean large = Math.abs(size) >= 99.95;
        return (large ? Long.toString(Math.round(size)) : shortened(size, Math.abs(size) >= 9.995 ? 3 : 2))
                + gap
                + units[unit];
    }

    /// `value` with `digits` significant digits, never in powers of ten and without trailing zeros.
    private static String shortened(double value, int digits) {
        var rounded = new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_EVEN));
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }
}
