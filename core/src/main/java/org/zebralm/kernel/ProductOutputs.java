package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;

/// Where a product's sums go: across lanes, times a row's factor, plus the bias, rounded once.
///
/// @param y the output, `[rows, 1, out]`
/// @param factors where the float32 factor of each output lies, or 0 for none
/// @param bias `[1, 1, out]`
/// @param isAdded whether sums are added to what the output holds, which must be float32, in place of replacing it
record ProductOutputs(RowView y, long factors, @Nullable RowView bias, boolean isAdded) {
    /// Outputs computed together.
    static final int TOGETHER = 8;

    /// The scratch memory of [#finish].
    static final int TERMS = 64;

    /// The most outputs that are finished together.
    private static final int MOST = TERMS / 2;

    /// The scratch memory of [#write].
    static int floats(int rows) {
        return (rows + 1) * TOGETHER + TERMS;
    }

    /// Writes `count` outputs from `first` on; their sums of 16 lanes lie as [RowTile] has them, without gaps.
    void write(float[] w, int sums, int first, int count, int scratch) {
        int totals = scratch;
        int rows = y.tokens();
        for (int row = 0; row < rows; row++) {
            total(w, sums + row * TOGETHER * 16, totals + row * TOGETHER);
        }
        finish(w, totals, TOGETHER, first, count, totals + rows * TOGETHER + 8);
    }

    /// Writes `count` outputs from `first` on, at most 32, whose totals lie `apart` floats from one row to the next.
    ///
    /// @param terms where [#TERMS] floats are free
    void finish(float[] w, int totals, int apart, int first, int count, int terms) {
        int rows = y.tokens();
        if (bias != null) {
            long address = bias.at(0, 0) + (long) first * bias.storage().bytes();
            Rows.read(address, 0, 1, count, bias.storage(), w, terms, MOST);
        }
        int held = terms + MOST;
        for (int row = 0; row < rows; row++) {
            int from = totals + row * apart;
            if (factors != 0) {
                for (int i = 0; i < count; i++) {
                    w[from + i] *= Rows.read(factors + 4L * (first + i));
                }
            }
            if (bias != null) {
                for (int i = 0; i < count; i++) {
                    w[from + i] += w[terms + i];
                }
            }
            if (isAdded) {
                Rows.read(y.at(row, 0) + 4L * first, 0, 1, count, Storage.FLOAT32, w, held, MOST);
                for (int i = 0; i < count; i++) {
                    w[from + i] += w[held + i];
                }
            }
        }
        y.writeColumns(w, totals, apart, 1, 0, rows, 0, first, count);
    }

    /// Adds up the 16 lanes of each of eight sums: either half, then either half of that.
    private static void total(float[] w, int sums, int to) {
        if (Lanes.COUNT == 16) {
            LaneSums.add(w, sums, TOGETHER, to);
            return;
        }
        for (int i = 0; i < TOGETHER; i++) {
            for (int half = 8; half > 0; half /= 2) {
                for (int lane = 0; lane < half; lane++) {
                    w[sums + 16 * i + lane] += w[sums + 16 * i + lane + half];
                }
            }
            w[to + i] = w[sums + 16 * i];
        }
    }
}
