package org.zebralm.bench;

import java.util.Arrays;

/// The middle one of some measurements, or the mean of the middle two.
public final class Median {
    private Median() {}

    /// Returns the median, NaN of none.
    public static double of(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int n = sorted.length;
        return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
    }
}
