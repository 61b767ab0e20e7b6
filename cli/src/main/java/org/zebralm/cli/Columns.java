package org.zebralm.cli;

import java.util.Arrays;

/// A long series made fit to draw on few columns of pixels.
///
/// Of the values that fall on a column the first, the least, the greatest and the last stay, in their order: a
/// line through these covers the pixels that one through all of them covers, so no spike is lost.
final class Columns {
    /// Where the values that stay lie, as shares of the axis, and what they are.
    final double[] rawShares;

    final double[] rawValues;

    /// The mean of each column that has values, and a smooth line through these means.
    final double[] shares;

    final double[] smooth;

    private int numRaw;

    private Columns(int most) {
        rawShares = new double[4 * most];
        rawValues = new double[4 * most];
        shares = new double[most];
        smooth = new double[most];
    }

    private Columns(Columns full, int numColumns) {
        rawShares = Arrays.copyOf(full.rawShares, full.numRaw);
        rawValues = Arrays.copyOf(full.rawValues, full.numRaw);
        shares = Arrays.copyOf(full.shares, numColumns);
        smooth = Curve.smooth(shares, Arrays.copyOf(full.smooth, numColumns));
    }

    /// Thins out `y` over `x`, which must not decrease, to `most` columns of an axis. Values that are not finite,
    /// and those beyond its ends, are left out.
    static Columns of(double[] x, double[] y, Scale axis, int most) {
        var columns = new Columns(most + 1);
        int numColumns = 0;
        int from = 0;
        while (from < x.length) {
            int column = column(axis.share(x[from]), most);
            int to = from + 1;
            while (to < x.length && column(axis.share(x[to]), most) == column) {
                to++;
            }
            if (column >= 0 && columns.add(x, y, from, to, axis, numColumns)) {
                numColumns++;
            }
            from = to;
        }
        return new Columns(columns, numColumns);
    }

    /// Adds `y[from .. to]` as one column; returns whether there was a value in it.
    private boolean add(double[] x, double[] y, int from, int to, Scale axis, int column) {
        int first = -1;
        int last = -1;
        int least = -1;
        int greatest = -1;
        double sum = 0;
        double sumOfShares = 0;
        int count = 0;
        for (int i = from; i < to; i++) {
            if (Double.isFinite(y[i])) {
                first = first < 0 ? i : first;
                last = i;
                least = least < 0 || y[i] < y[least] ? i : least;
                greatest = greatest < 0 || y[i] > y[greatest] ? i : greatest;
                sum += y[i];
                sumOfShares += axis.share(x[i]);
                count++;
            }
        }
        if (count == 0) {
            return false;
        }
        int[] kept = {first, Math.min(least, greatest), Math.max(least, greatest), last};
        for (int i = 0; i < kept.length; i++) {
            if (i == 0 || kept[i] != kept[i - 1]) {
                rawShares[numRaw] = axis.share(x[kept[i]]);
                rawValues[numRaw++] = y[kept[i]];
            }
        }
        shares[column] = sumOfShares / count;
        smooth[column] = sum / count;
        return true;
    }

    private static int column(double share, int most) {
        return share >= 0 && share <= 1 ? (int) (share * most) : -1;
    }
}
