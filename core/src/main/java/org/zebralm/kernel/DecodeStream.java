package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of one query with keys and values read straight from memory, so that loads and arithmetic
/// overlap.
///
/// A vector of 32-bit words holds twice as many bfloat16: the even ones are the words shifted up, the odd ones
/// the words' upper halves. Queries and outputs are kept in that order, evens then odds of each two vectors,
/// which costs nothing per key; see [#split] and [#join].
final class DecodeStream {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER = 0xffff0000;

    private DecodeStream() {}

    /// Returns whether rows of a width can be read here.
    static boolean takes(int width, boolean bfloat16) {
        return width % (bfloat16 ? 2 * L : L) == 0;
    }

    /// Orders a row's elements as bfloat16 words give them.
    static void split(float[] w, int from, int to, int width) {
        for (int d = 0; d < width; d += 2 * L) {
            for (int i = 0; i < L; i++) {
                w[to + d + i] = w[from + d + 2 * i];
                w[to + d + L + i] = w[from + d + 2 * i + 1];
            }
        }
    }

    /// Undoes [#split].
    static void join(float[] w, int from, int to, int width) {
        for (int d = 0; d < width; d += 2 * L) {
            for (int i = 0; i < L; i++) {
                w[to + d + 2 * i] = w[from + d + i];
                w[to + d + 2 * i + 1] = w[from + d + L + i];
            }
        }
    }

    /// Puts the dot products of `count` keys, `stride` bytes apart, into `scores`, and up to three numbers
    /// without meaning behind them.
    static void scores(
            long keys, long stride, int count, int width, boolean bfloat16, float[] w, int query, int scores) {
        if (bfloat16) {
            scoresBfloat16(keys, stride, count, width, w, query, scores);
        } else {
            scoresFloats(keys, stride, count, width, w, query, scores);
        }
    }

    private static void scoresBfloat16(long keys, long stride, int count, int width, float[] w, int query, int scores) {
        for (int j = 0; j < count; j += 4) {
            long k0 = keys + j * stride;
            long k1 = keys + Math.min(j + 1, count - 1) * stride;
            long k2 = keys + Math.min(j + 2, count - 1) * stride;
            long k3 = keys + Math.min(j + 3, count - 1) * stride;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            for (int d = 0; d < width; d += 2 * L) {
                FloatVector even = FloatVector.fromArray(S, w, query + d);
                FloatVector odd = FloatVector.fromArray(S, w, query + d + L);
                long at = 2L * d;
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, k0 + at, ORDER);
                c0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c0);
                c0 = x0.and(UPPER).reinterpretAsFloats().fma(odd, c0);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, k1 + at, ORDER);
                c1 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c1);
                c1 = x1.and(UPPER).reinterpretAsFloats().fma(odd, c1);
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, k2 + at, ORDER);
                c2 = x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c2);
                c2 = x2.and(UPPER).reinterpretAsFloats().fma(odd, c2);
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, k3 + at, ORDER);
                c3 = x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c3);
                c3 = x3.and(UPPER).reinterpretAsFloats().fma(odd, c3);
            }
            w[scores + j] = c0.reduceLanes(VectorOperators.ADD);
            w[scores + j + 1] = c1.reduceLanes(VectorOperators.ADD);
            w[scores + j + 2] = c2.reduceLanes(VectorOperators.ADD);
            w[scores + j + 3] = c3.reduceLanes(VectorOperators.ADD);
        }
    }

    private static void scoresFloats(long keys, long stride, int count, int width, float[] w, int query, int scores) {
        for (int j = 0; j < count; j += 4) {
            long k0 = keys + j * stride;
            long k1 = keys + Math.min(j + 1, count - 1) * stride;
            long k2 = keys + Math.min(j + 2, count - 1) * stride;
            long k3 = keys + Math.min(j + 3, count - 1) * stride;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            for (int d = 0; d < width; d += L) {
                FloatVector q = FloatVector.fromArray(S, w, query + d);
                long at = 4L * d;
                c0 = FloatVector.fromMemorySegment(S, MEMORY, k0 + at, ORDER).fma(q, c0);
                c1 = FloatVector.fromMemorySegment(S, MEMORY, k1 + at, ORDER).fma(q, c1);
                c2 = FloatVector.fromMemorySegment(S, MEMORY, k2 + at, ORDER).fma(q, c2);
                c3 = FloatVector.fromMemorySegment(S, MEMORY, k3 + at, ORDER).fma(q, c3);
            }
            w[scores + j] = c0.reduceLanes(VectorOperators.ADD);
            w[scores + j + 1] = c1.reduceLanes(VectorOperators.ADD);
            w[scores + j + 2] = c2.reduceLanes(VectorOperators.ADD);
            w[scores + j + 3] = c3.reduceLanes(VectorOperators.ADD);
        }
    }

    /// Adds `count` values, `stride` bytes apart and each times its probability, to `output`.
    static void addValues(
            long values, long stride, int count, int width, boolean bfloat16, float[] w, int p, int output) {
        if (bfloat16) {
            addBfloat16(values, stride, count, width, w, p, output);
        } else {
            addFloats(values, stride, count, width, w, p, output);
        }
    }

    private static void addBfloat16(long values, long stride, int count, int width, float[] w, int p, int output) {
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            FloatVector a1 = FloatVector.fromArray(S, w, output + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, output + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, output + d + 3 * L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = x.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a0);
                a1 = x.and(UPPER).reinterpretAsFloats().fma(pj, a1);
                IntVector y = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
                a2 = y.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a2);
                a3 = y.and(UPPER).reinterpretAsFloats().fma(pj, a3);
                at += stride;
            }
            a0.intoArray(w, output + d);
            a1.intoArray(w, output + d + L);
            a2.intoArray(w, output + d + 2 * L);
            a3.intoArray(w, output + d + 3 * L);
        }
        for (; d < width; d += 2 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            FloatVector a1 = FloatVector.fromArray(S, w, output + d + L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = x.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a0);
                a1 = x.and(UPPER).reinterpretAsFloats().fma(pj, a1);
                at += stride;
            }
            a0.intoArray(w, output + d);
            a1.intoArray(w, output + d + L);
        }
    }

    private static void addFloats(long values, long stride, int count, int width, float[] w, int p, int output) {
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            FloatVector a1 = FloatVector.fromArray(S, w, output + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, output + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, output + d + 3 * L);
            long at = values + 4L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                a0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER).fma(pj, a0);
                a1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER)
                        .fma(pj, a1);
                a2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER)
                        .fma(pj, a2);
                a3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER)
                        .fma(pj, a3);
                at += stride;
            }
            a0.intoArray(w, output + d);
            a1.intoArray(w, output + d + L);
            a2.intoArray(w, output + d + 2 * L);
            a3.intoArray(w, output + d + 3 * L);
        }
        for (; d < width; d += L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            long at = values + 4L * d;
            for (int j = 0; j < count; j++) {
                a0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER).fma(FloatVector.broadcast(S, w[p + j]), a0);
                at += stride;
            }
            a0.intoArray(w, output + d);
        }
    }
}
