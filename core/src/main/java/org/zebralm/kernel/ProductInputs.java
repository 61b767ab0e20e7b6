package org.zebralm.kernel;

import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/// The rows that weights are multiplied with, made ready once for all threads: float32, columns padded with zeros.
///
/// For weights of 4 bits the rows that are multiplied together lie side by side, column by column, padded with rows of
/// zeros, and so do the sums that each of them begins a group with. One row for the fastest product is alone, and
/// begins
/// with what makes up for the offsets of [Int4Products].
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

    /// Numbers that are worth a task of their own.
    private static final int LEAST_PART = 4096;

    private float[] read = new float[0];
    private float[] ordered = new float[0];
    private float[] begin = new float[0];
    private int rows;
    private int apart;
    private @Nullable Int4Layout layout;
    private boolean isAlone;

    /// Returns how many rows are multiplied together, of those that are left: some may be padding.
    static int together(int left) {
        return left >= MOST ? MOST : left > 4 ? 8 : left > 2 ? 4 : left;
    }

    /// Returns the rows with those that pad them.
    static int padded(int rows) {
        int whole = rows / MOST * MOST;
        return whole + (rows > whole ? together(rows - whole) : 0);
    }

    /// Makes room for `rows` of so many inputs, for weights whose columns lie in order.
    void reserve(int rows, int width) {
        this.rows = rows;
        apart = Lanes.padded(width);
        layout = null;
        isAlone = false;
        read = reserve(read, rows * apart);
    }

    /// Makes room for rows for weights of 4 bits.
    ///
    /// @param fastest whether the last bits may depend on the number of rows
    void reserve(int rows, Int4Layout layout, boolean fastest) {
        this.rows = rows;
        this.layout = layout;
        apart = layout.paddedInputs();
        isAlone = fastest && rows == 1;
        read = reserve(read, rows * apart);
        ordered = reserve(ordered, padded(rows) * apart);
        begin = reserve(begin, padded(rows) * layout.groups());
        if (padded(rows) > rows) { // rows that pad lie between the others
            Arrays.fill(ordered, 0, padded(rows) * apart, 0);
            Arrays.fill(begin, 0, padded(rows) * layout.groups(), 0);
        }
    }

    /// Returns into how many parts the columns may be cut that are read apart.
    int parts() {
        return layout == null ? 1 : Math.clamp((long) rows * apart / LEAST_PART, 1, layout.groups());
    }

    /// Reads one part of all rows for which there is room.
    void read(RowView x, int part, int parts) {
        if (layout == null) {
            x.read(0, rows, 0, read, 0, apart);
            return;
        }
        int group = layout.group();
        int from = layout.groups() * part / parts;
        int end = layout.groups() * (part + 1) / parts;
        for (int row = 0; row < rows; row++) {
            long address = x.at(row, 0) + (long) from * group * x.storage().bytes();
            int count = Math.min(x.width(), end * group) - from * group;
            Rows.read(
                    address,
                    0,
                    1,
                    count,
                    x.storage(),
                    read,
                    row * apart + from * group,
                    Lanes.padded((end - from) * group));
        }
        if (isAlone) {
            scale(from * group, end * group);
            sum(0, from, end, 0, 1);
            return;
        }
        int together;
        for (int row = 0; row < rows; row += together) {
            together = together(rows - row);
            interleave(row, Math.min(together, rows - row), together, from * group, end * group);
            for (int i = 0; i < Math.min(together, rows - row); i++) {
                sum((row + i) * apart, from, end, row * layout.groups() + i, together);
            }
        }
    }

    private void scale(int from, int end) {
        for (int column = from; column < end; column += L) {
            FloatVector.fromArray(S, read, column)
                    .mul(FloatVector.fromArray(S, UNITS, column % UNITS.length))
                    .intoArray(ordered, column);
        }
    }

    private void interleave(int first, int count, int together, int from, int end) {
        if (together == 1) {
            System.arraycopy(read, first * apart + from, ordered, first * apart + from, end - from);
            return;
        }
        for (int i = 0; i < count; i++) {
            int at = first * apart + from * together + i;
            int source = (first + i) * apart;
            for (int column = from; column < end; column++) {
                ordered[at] = read[source + column];
                at += together;
            }
        }
    }

    /// Writes what a row's groups begin with: minus eight times the sum of their inputs.
    private void sum(int row, int from, int end, int to, int together) {
        int group = Objects.requireNonNull(layout).group();
        for (int g = from; g < end; g++) {
            FloatVector sum = FloatVector.fromArray(S, read, row + g * group);
            for (int column = L; column < group; column += L) {
                sum = sum.add(FloatVector.fromArray(S, read, row + g * group + column));
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
    boolean isAlone() {
        return isAlone;
    }

    /// Returns the rows as the weights need them.
    float[] floats() {
        return layout == null ? read : ordered;
    }

    /// Returns the sums that groups of 4 bits begin with.
    float[] begin() {
        return begin;
    }
}
