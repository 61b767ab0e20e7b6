package org.zebralm.cli;

import java.util.Arrays;

/// A long noisy series made fit to draw: few enough values, and a smooth line through them.
final class Curve {
    /// About two values per pixel column; more are invisible and make the file large.
    private static final int MOST_VALUES = 1600;
    /// How far smoothing reaches to each side, as a share of the series.
    private static final double SMOOTHED_SHARE = 0.03;

    final double[] x;
    final double[] y;
    final double[] smooth;

    private Curve(double[] x, double[] y, double[] smooth) {
        this.x = x;
        this.y = y;
        this.smooth = smooth;
    }

    static Curve of(double[] x, double[] y) {
        int group = Math.max(1, (x.length + MOST_VALUES - 1) / MOST_VALUES);
        int n = (x.length + group - 1) / group;
        double[] fewX = new double[n];
        double[] fewY = new double[n];
        for (int i = 0; i < n; i++) {
            int from = i * group;
            int to = Math.min(x.length, from + group);
            fewX[i] = mean(x, from, to);
            fewY[i] = mean(y, from, to);
        }
        return new Curve(fewX, fewY, smooth(fewX, fewY));
    }

    /// At each value the height of a line fitted to its neighbours, near ones weighing more. In the middle this is
    /// their mean; at the ends, where neighbours lie on one side only, a mean would bend a falling curve.
    static double[] smooth(double[] x, double[] y) {
        double[] smooth = new double[y.length];
        int reach = (int) Math.ceil(y.length * SMOOTHED_SHARE);
        for (int i = 0; i < y.length; i++) {
            smooth[i] = Double.isFinite(y[i]) ? fit(x, y, i, reach) : Double.NaN;
        }
        return smooth;
    }

    /// The weighted least-squares line through the values at `at - reach .. at + reach`, read off at `x[at]`.
    private static double fit(double[] x, double[] y, int at, int reach) {
        double w = 0;
        double wx = 0;
        double wy = 0;
        double wxx = 0;
        double wxy = 0;
        for (int j = Math.max(0, at - reach); j <= Math.min(y.length - 1, at + reach); j++) {
            if (Double.isFinite(y[j])) {
                double offset = x[j] - x[at];
                double weight = reach + 1 - Math.abs(j - at);
                w += weight;
                wx += weight * offset;
                wy += weight * y[j];
                wxx += weight * offset * offset;
                wxy += weight * offset * y[j];
            }
        }
        double determinant = w * wxx - wx * wx;
        return determinant == 0 ? wy / w : (wxx * wy - wx * wxy) / determinant;
    }

    private static double mean(double[] values, int from, int to) {
        return Arrays.stream(values, from, to)
                .filter(Double::isFinite)
                .average()
                .orElse(Double.NaN);
    }
}
