package org.zebralm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The rows that weights are multiplied with, made ready once for all threads: float32, columns padded with zeros.
///
/// For weights of 4 bits the rows that are multiplied together lie side by side, column by column, padded with rows of
/// zeros, and so do the sums that each of them begins a group with. One row for the fastest product has each column
/// divided by what its number in a word counts in instead.
final class ProductInputs {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    /// The most rows that are multiplied together: with two panels they fill the registers.
    private static final int MOST = L == 16 ? 8 : 4;

    /// What a number of a word counts in, inverted; the last is shifted down. Twice, for vectors of 16.
    private static final float[] UNITS = {
        1, 1 / 16f, 1 / 256f, 1 / 4096f, 1 / 65536f, 1 / 1048576f, 1 / 16777216f, 1,
        1, 1 / 16f, 1 / 256f, 1 / 4096f, 1 / 65536f, 1 / 1048576f, 1 / 16777216f, 1
    };

    private float[] read = new float[0];
    private float[] ordered = new float[0];
    private float[] begin = new float[0];
    private int rows;
    private int apart;
    private boolean isOrdered;
    private boolean isScaled;

    /// Returns how many rows are multiplied together, of those that are left: some may be padding.
    static int together(int left) {
        return left >= MOST ? MOST : left > 4 ? 8 : left > 2 ? 4 : left;
    }

    /// Returns the rows with those that pad them.
    static int padded(int rows) {
        int whole = rows / MOST * MOST;
        return whole + (rows > whole ? together(rows - whole) : 0);
    }

    /// Reads rows for weights whose columns lie in order.
    void read(RowView x) {
        rows = x.tokens();
        apart = Lanes.padded(x.width());
        isOrdered = false;
        isScaled = false;
        read = reserve(read, rows * apart);
        x.read(0, rows, 0, read, 0, apart);
    }

    /// Reads rows for weights of 4 bits.
    ///
    /// @param fastest whether the last bits may depend on the number of rows
    void read(RowView x, Int4Layout layout, boolean fastest) {
        rows = x.tokens();
        apart = layout.paddedInputs();
        isOrdered = true;
        isScaled = fastest && rows == 1;
        int groups = layout.groups();
        read = reserve(read, rows * apart);
        ordered = reserve(ordered, padded(rows) * apart);
        begin = reserve(begin, padded(rows) * groups);
        x.read(0, rows, 0, read, 0, apart);
        if (isScaled) {
            scale();
            sum(0, layout, 0, 1);
            return;
        }
        int together;
        for (int row = 0; row < rows; row += together) {
            together = together(rows - row);
            if (row + together > rows) {
                Arrays.fill(ordered, row * apart, (row + together) * apart, 0);
                Arrays.fill(begin, row * groups, (row + together) * groups, 0);
            }
            for (int i = 0; i < Math.min(together, rows - row); i++) {
                interleave((row + i) * apart, row * apart + i, together);
                sum((row + i) * apart, layout, row * groups + i, together);
            }
        }
    }

    private void scale() {
        for (int column = 0; column < apart; column += L) {
            FloatVector.fromArray(S, read, column)
                    .mul(FloatVector.fromArray(S, UNITS, column % UNITS.length))
                    .intoArray(ordered, column);
        }
    }

    private void interleave(int from, int to, int together) {
        if (together == 1) {
            System.arraycopy(read, from, ordered, to, apart);
            return;
        }
        int at = to;
        for (int column = 0; column < apart; column++) {
            ordered[at] = read[from + column];
            at += together;
        }
    }

    /// Writes what a row's groups begin with: minus eight times the sum of their inputs.
    private void sum(int from, Int4Layout layout, int to, int together) {
        int group = layout.group();
        for (int g = 0; g < layout.groups(); g++) {
            FloatVector sum = FloatVector.fromArray(S, read, from + g * group);
            for (int column = L; column < group; column += L) {
                sum = sum.add(FloatVector.fromArray(S, read, from + g * group + column));
            }
            begin[to + g * together] = -Int4Layout.ZERO * Lanes.sum(sum);
        }
    }

    private static float[] reserve(float[] floats, int count) {
        return floats.length < count ? new float[count] : floats;
    }

    int rows() {
        return rows;
    }

    /// Returns the floats from one row to the next, of rows whose columns lie in order.
    int apart() {
        return apart;
    }

    /// Returns whether there is one row, for the fastest product with weights of 4 bits.
    boolean isScaled() {
        return isScaled;
    }

    /// Returns the rows as the weights need them.
    float[] floats() {
        return isOrdered ? ordered : read;
    }

    /// Returns the sums that groups of 4 bits begin with.
    float[] begin() {
        return begin;
    }
}
