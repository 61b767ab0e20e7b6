package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Products of 1, 2, 4 or 8 rows with two vectors of outputs of 4 bits in the order of [Int4Layout].
///
/// Each row and output has one chain of sums, whatever their number, so a row has the same bits alone and among others.
/// It begins with minus eight times the group's inputs, for the numbers' offset. Inputs lie column by column, the rows
/// side by side: C2 merges the checks of their places.
final class Int4Tiles {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// Floats from one row's totals to the next: those of two panels.
    static final int APART = 2 * Int4Layout.LANES;

    private Int4Tiles() {}

    /// Adds the products of one group of twice `L` outputs to the totals of `rows` rows.
    ///
    /// @param words where the group's words of the first `L` outputs begin; those of the others
    /// `apart` bytes behind
    /// @param vectors words of an output in the group
    /// @param x where the group's inputs begin, with `first` the sums that rows begin with
    /// @param scale of the first outputs, and `otherScale` of the others
    /// @param totals of the first outputs; those of the others a panel behind
    static void add(
            int rows,
            long words,
            long apart,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scale,
            int otherScale,
            int totals) {
        switch (rows) {
            case 1 -> add1(words, apart, vectors, x, from, begin, first, w, scale, otherScale, totals);
            case 2 -> add2(words, apart, vectors, x, from, begin, first, w, scale, otherScale, totals);
            case 4 -> add4(words, apart, vectors, x, from, begin, first, w, scale, otherScale, totals);
            case 8 -> add8(words, apart, vectors, x, from, begin, first, w, scale, otherScale, totals);
            default -> throw new IllegalArgumentException("rows must be 1, 2, 4 or 8: got " + rows);
        }
    }

    private static void add1(
            long words,
            long apart,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scale,
            int otherScale,
            int totals) {
        long a = words;
        int i = from;
        FloatVector p0 = FloatVector.broadcast(S, begin[first]);
        FloatVector q0 = p0;
        for (int v = 0; v < vectors; v++) {
            IntVector m = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            IntVector n = IntVector.fromMemorySegment(INTS, MEMORY, a + apart, ORDER);
            a += Int4Layout.VECTOR_BYTES;
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                FloatVector f = (FloatVector) m.and(15).convert(VectorOperators.I2F, 0);
                FloatVector g = (FloatVector) n.and(15).convert(VectorOperators.I2F, 0);
                m = m.lanewise(VectorOperators.LSHR, 4);
                n = n.lanewise(VectorOperators.LSHR, 4);
                FloatVector x0 = FloatVector.broadcast(S, x[i]);
                p0 = f.fma(x0, p0);
                q0 = g.fma(x0, q0);
                i += 1;
            }
        }
        FloatVector s = FloatVector.fromArray(S, w, scale);
        FloatVector t = FloatVector.fromArray(S, w, otherScale);
        int y = totals;
        int z = totals + Int4Layout.LANES;
        p0.fma(s, FloatVector.fromArray(S, w, y)).intoArray(w, y);
        q0.fma(t, FloatVector.fromArray(S, w, z)).intoArray(w, z);
    }

    private static void add2(
            long words,
            long apart,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scale,
            int otherScale,
            int totals) {
        long a = words;
        int i = from;
        FloatVector p0 = FloatVector.broadcast(S, begin[first]);
        FloatVector q0 = p0;
        FloatVector p1 = FloatVector.broadcast(S, begin[first + 1]);
        FloatVector q1 = p1;
        for (int v = 0; v < vectors; v++) {
            IntVector m = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            IntVector n = IntVector.fromMemorySegment(INTS, MEMORY, a + apart, ORDER);
            a += Int4Layout.VECTOR_BYTES;
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                FloatVector f = (FloatVector) m.and(15).convert(VectorOperators.I2F, 0);
                FloatVector g = (FloatVector) n.and(15).convert(VectorOperators.I2F, 0);
                m = m.lanewise(VectorOperators.LSHR, 4);
                n = n.lanewise(VectorOperators.LSHR, 4);
                FloatVector x0 = FloatVector.broadcast(S, x[i]);
                p0 = f.fma(x0, p0);
                q0 = g.fma(x0, q0);
                FloatVector x1 = FloatVector.broadcast(S, x[i + 1]);
                p1 = f.fma(x1, p1);
                q1 = g.fma(x1, q1);
                i += 2;
            }
        }
        FloatVector s = FloatVector.fromArray(S, w, scale);
        FloatVector t = FloatVector.fromArray(S, w, otherScale);
        int y = totals;
        int z = totals + Int4Layout.LANES;
        p0.fma(s, FloatVector.fromArray(S, w, y)).intoArray(w, y);
        q0.fma(t, FloatVector.fromArray(S, w, z)).intoArray(w, z);
        p1.fma(s, FloatVector.fromArray(S, w, y + APART)).intoArray(w, y + APART);
        q1.fma(t, FloatVector.fromArray(S, w, z + APART)).intoArray(w, z + APART);
    }

    private static void add4(
            long words,
            long apart,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scale,
            int otherScale,
            int totals) {
        long a = words;
        int i = from;
        FloatVector p0 = FloatVector.broadcast(S, begin[first]);
        FloatVector q0 = p0;
        FloatVector p1 = FloatVector.broadcast(S, begin[first + 1]);
        FloatVector q1 = p1;
        FloatVector p2 = FloatVector.broadcast(S, begin[first + 2]);
        FloatVector q2 = p2;
        FloatVector p3 = FloatVector.broadcast(S, begin[first + 3]);
        FloatVector q3 = p3;
        for (int v = 0; v < vectors; v++) {
            IntVector m = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            IntVector n = IntVector.fromMemorySegment(INTS, MEMORY, a + apart, ORDER);
            a += Int4Layout.VECTOR_BYTES;
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                FloatVector f = (FloatVector) m.and(15).convert(VectorOperators.I2F, 0);
                FloatVector g = (FloatVector) n.and(15).convert(VectorOperators.I2F, 0);
                m = m.lanewise(VectorOperators.LSHR, 4);
                n = n.lanewise(VectorOperators.LSHR, 4);
                FloatVector x0 = FloatVector.broadcast(S, x[i]);
                p0 = f.fma(x0, p0);
                q0 = g.fma(x0, q0);
                FloatVector x1 = FloatVector.broadcast(S, x[i + 1]);
                p1 = f.fma(x1, p1);
                q1 = g.fma(x1, q1);
                FloatVector x2 = FloatVector.broadcast(S, x[i + 2]);
                p2 = f.fma(x2, p2);
                q2 = g.fma(x2, q2);
                FloatVector x3 = FloatVector.broadcast(S, x[i + 3]);
                p3 = f.fma(x3, p3);
                q3 = g.fma(x3, q3);
                i += 4;
            }
        }
        FloatVector s = FloatVector.fromArray(S, w, scale);
        FloatVector t = FloatVector.fromArray(S, w, otherScale);
        int y = totals;
        int z = totals + Int4Layout.LANES;
        p0.fma(s, FloatVector.fromArray(S, w, y)).intoArray(w, y);
        q0.fma(t, FloatVector.fromArray(S, w, z)).intoArray(w, z);
        p1.fma(s, FloatVector.fromArray(S, w, y + APART)).intoArray(w, y + APART);
        q1.fma(t, FloatVector.fromArray(S, w, z + APART)).intoArray(w, z + APART);
        p2.fma(s, FloatVector.fromArray(S, w, y + 2 * APART)).intoArray(w, y + 2 * APART);
        q2.fma(t, FloatVector.fromArray(S, w, z + 2 * APART)).intoArray(w, z + 2 * APART);
        p3.fma(s, FloatVector.fromArray(S, w, y + 3 * APART)).intoArray(w, y + 3 * APART);
        q3.fma(t, FloatVector.fromArray(S, w, z + 3 * APART)).intoArray(w, z + 3 * APART);
    }

    private static void add8(
            long words,
            long apart,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scale,
            int otherScale,
            int totals) {
        long a = words;
        int i = from;
        FloatVector p0 = FloatVector.broadcast(S, begin[first]);
        FloatVector q0 = p0;
        FloatVector p1 = FloatVector.broadcast(S, begin[first + 1]);
        FloatVector q1 = p1;
        FloatVector p2 = FloatVector.broadcast(S, begin[first + 2]);
        FloatVector q2 = p2;
        FloatVector p3 = FloatVector.broadcast(S, begin[first + 3]);
        FloatVector q3 = p3;
        FloatVector p4 = FloatVector.broadcast(S, begin[first + 4]);
        FloatVector q4 = p4;
        FloatVector p5 = FloatVector.broadcast(S, begin[first + 5]);
        FloatVector q5 = p5;
        FloatVector p6 = FloatVector.broadcast(S, begin[first + 6]);
        FloatVector q6 = p6;
        FloatVector p7 = FloatVector.broadcast(S, begin[first + 7]);
        FloatVector q7 = p7;
        for (int v = 0; v < vectors; v++) {
            IntVector m = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            IntVector n = IntVector.fromMemorySegment(INTS, MEMORY, a + apart, ORDER);
            a += Int4Layout.VECTOR_BYTES;
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                FloatVector f = (FloatVector) m.and(15).convert(VectorOperators.I2F, 0);
                FloatVector g = (FloatVector) n.and(15).convert(VectorOperators.I2F, 0);
                m = m.lanewise(VectorOperators.LSHR, 4);
                n = n.lanewise(VectorOperators.LSHR, 4);
                FloatVector x0 = FloatVector.broadcast(S, x[i]);
                p0 = f.fma(x0, p0);
                q0 = g.fma(x0, q0);
                FloatVector x1 = FloatVector.broadcast(S, x[i + 1]);
                p1 = f.fma(x1, p1);
                q1 = g.fma(x1, q1);
                FloatVector x2 = FloatVector.broadcast(S, x[i + 2]);
                p2 = f.fma(x2, p2);
                q2 = g.fma(x2, q2);
                FloatVector x3 = FloatVector.broadcast(S, x[i + 3]);
                p3 = f.fma(x3, p3);
                q3 = g.fma(x3, q3);
                FloatVector x4 = FloatVector.broadcast(S, x[i + 4]);
                p4 = f.fma(x4, p4);
                q4 = g.fma(x4, q4);
                FloatVector x5 = FloatVector.broadcast(S, x[i + 5]);
                p5 = f.fma(x5, p5);
                q5 = g.fma(x5, q5);
                FloatVector x6 = FloatVector.broadcast(S, x[i + 6]);
                p6 = f.fma(x6, p6);
                q6 = g.fma(x6, q6);
                FloatVector x7 = FloatVector.broadcast(S, x[i + 7]);
                p7 = f.fma(x7, p7);
                q7 = g.fma(x7, q7);
                i += 8;
            }
        }
        FloatVector s = FloatVector.fromArray(S, w, scale);
        FloatVector t = FloatVector.fromArray(S, w, otherScale);
        int y = totals;
        int z = totals + Int4Layout.LANES;
        p0.fma(s, FloatVector.fromArray(S, w, y)).intoArray(w, y);
        q0.fma(t, FloatVector.fromArray(S, w, z)).intoArray(w, z);
        p1.fma(s, FloatVector.fromArray(S, w, y + APART)).intoArray(w, y + APART);
        q1.fma(t, FloatVector.fromArray(S, w, z + APART)).intoArray(w, z + APART);
        p2.fma(s, FloatVector.fromArray(S, w, y + 2 * APART)).intoArray(w, y + 2 * APART);
        q2.fma(t, FloatVector.fromArray(S, w, z + 2 * APART)).intoArray(w, z + 2 * APART);
        p3.fma(s, FloatVector.fromArray(S, w, y + 3 * APART)).intoArray(w, y + 3 * APART);
        q3.fma(t, FloatVector.fromArray(S, w, z + 3 * APART)).intoArray(w, z + 3 * APART);
        p4.fma(s, FloatVector.fromArray(S, w, y + 4 * APART)).intoArray(w, y + 4 * APART);
        q4.fma(t, FloatVector.fromArray(S, w, z + 4 * APART)).intoArray(w, z + 4 * APART);
        p5.fma(s, FloatVector.fromArray(S, w, y + 5 * APART)).intoArray(w, y + 5 * APART);
        q5.fma(t, FloatVector.fromArray(S, w, z + 5 * APART)).intoArray(w, z + 5 * APART);
        p6.fma(s, FloatVector.fromArray(S, w, y + 6 * APART)).intoArray(w, y + 6 * APART);
        q6.fma(t, FloatVector.fromArray(S, w, z + 6 * APART)).intoArray(w, z + 6 * APART);
        p7.fma(s, FloatVector.fromArray(S, w, y + 7 * APART)).intoArray(w, y + 7 * APART);
        q7.fma(t, FloatVector.fromArray(S, w, z + 7 * APART)).intoArray(w, z + 7 * APART);
    }
}
