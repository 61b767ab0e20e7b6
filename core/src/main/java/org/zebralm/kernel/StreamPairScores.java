package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Scores of two queries at once with keys read straight from memory: those of a group's heads, or of several
/// rows, that share them.
///
/// An element is loaded and widened once for both. (Four at once have more vectors than one method may: C2 stops
/// inlining and allocates each, at a hundredth of the speed.) Otherwise as [StreamScores].
final class StreamPairScores {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final int BLOCK = Lanes.BLOCK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER = 0xffff0000;

    private StreamPairScores() {}

    /// Puts the scores of `count` keys, `stride` bytes apart and at most a block of them, with the queries at
    /// `query` and `apart` behind it, into `w[to ..]` and `toApart` behind; `sums` is room for 32 floats for each
    /// key of a block.
    static void scores(
            long keys,
            long stride,
            int count,
            int width,
            Storage storage,
            float[] w,
            int query,
            int apart,
            int sums,
            int to,
            int toApart) {
        switch (storage) {
            case FLOAT32 -> dotsFloats(keys, stride, count, width, w, query, apart, sums);
            case BFLOAT16 -> {
                switch (width / L) {
                    case 4 -> dotsBfloat16Of4(keys, stride, count, w, query, apart, sums);
                    case 8 -> dotsBfloat16Of8(keys, stride, count, w, query, apart, sums);
                    default -> dotsBfloat16(keys, stride, count, width, w, query, apart, sums);
                }
            }
            case INT8 -> dotsInt8(keys, stride, count, width, w, query, apart, sums);
        }
        LaneSums.add(w, sums, count, to);
        LaneSums.add(w, sums + BLOCK * L, count, to + toApart);
    }

    private static void dotsFloats(
            long keys, long stride, int count, int width, float[] w, int query, int apart, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
            FloatVector d = FloatVector.zero(S);
            long at = keys + j * stride;
            for (int i = 0; i < width; i += L) {
                FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
                c = e0.fma(FloatVector.fromArray(S, w, query + i), c);
                d = e0.fma(FloatVector.fromArray(S, w, query + apart + i), d);
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
            d.intoArray(w, to + (BLOCK + j) * L);
        }
    }

    private static void dotsBfloat16Of4(long keys, long stride, int count, float[] w, int query, int apart, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
        FloatVector q0 = FloatVector.fromArray(S, w, query + apart);
        FloatVector q1 = FloatVector.fromArray(S, w, query + apart + L);
        FloatVector q2 = FloatVector.fromArray(S, w, query + apart + 2 * L);
        FloatVector q3 = FloatVector.fromArray(S, w, query + apart + 3 * L);
        long at = keys;
        for (int j = 0; j < count; j++) {
            IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
            FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
            IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e3 = x1.and(UPPER).reinterpretAsFloats();
            FloatVector c = e0.mul(p0);
            c = e1.fma(p1, c);
            c = e2.fma(p2, c);
            c = e3.fma(p3, c);
            FloatVector d = e0.mul(q0);
            d = e1.fma(q1, d);
            d = e2.fma(q2, d);
            d = e3.fma(q3, d);
            c.intoArray(w, to + j * L);
            d.intoArray(w, to + (BLOCK + j) * L);
            at += stride;
        }
    }

    private static void dotsBfloat16Of8(long keys, long stride, int count, float[] w, int query, int apart, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
        FloatVector p4 = FloatVector.fromArray(S, w, query + 4 * L);
        FloatVector p5 = FloatVector.fromArray(S, w, query + 5 * L);
        FloatVector p6 = FloatVector.fromArray(S, w, query + 6 * L);
        FloatVector p7 = FloatVector.fromArray(S, w, query + 7 * L);
        FloatVector q0 = FloatVector.fromArray(S, w, query + apart);
        FloatVector q1 = FloatVector.fromArray(S, w, query + apart + L);
        FloatVector q2 = FloatVector.fromArray(S, w, query + apart + 2 * L);
        FloatVector q3 = FloatVector.fromArray(S, w, query + apart + 3 * L);
        FloatVector q4 = FloatVector.fromArray(S, w, query + apart + 4 * L);
        FloatVector q5 = FloatVector.fromArray(S, w, query + apart + 5 * L);
        FloatVector q6 = FloatVector.fromArray(S, w, query + apart + 6 * L);
        FloatVector q7 = FloatVector.fromArray(S, w, query + apart + 7 * L);
        long at = keys;
        for (int j = 0; j < count; j++) {
            IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
            FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
            IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e3 = x1.and(UPPER).reinterpretAsFloats();
            IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, at + 8L * L, ORDER);
            FloatVector e4 = x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e5 = x2.and(UPPER).reinterpretAsFloats();
            IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, at + 12L * L, ORDER);
            FloatVector e6 = x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e7 = x3.and(UPPER).reinterpretAsFloats();
            FloatVector c = e0.mul(p0);
            c = e1.fma(p1, c);
            c = e2.fma(p2, c);
            c = e3.fma(p3, c);
            c = e4.fma(p4, c);
            c = e5.fma(p5, c);
            c = e6.fma(p6, c);
            c = e7.fma(p7, c);
            FloatVector d = e0.mul(q0);
            d = e1.fma(q1, d);
            d = e2.fma(q2, d);
            d = e3.fma(q3, d);
            d = e4.fma(q4, d);
            d = e5.fma(q5, d);
            d = e6.fma(q6, d);
            d = e7.fma(q7, d);
            c.intoArray(w, to + j * L);
            d.intoArray(w, to + (BLOCK + j) * L);
            at += stride;
        }
    }

    private static void dotsBfloat16(
            long keys, long stride, int count, int width, float[] w, int query, int apart, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
            FloatVector d = FloatVector.zero(S);
            long at = keys + j * stride;
            for (int i = 0; i < width; i += 2 * L) {
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
                c = e0.fma(FloatVector.fromArray(S, w, query + i), c);
                c = e1.fma(FloatVector.fromArray(S, w, query + i + L), c);
                d = e0.fma(FloatVector.fromArray(S, w, query + apart + i), d);
                d = e1.fma(FloatVector.fromArray(S, w, query + apart + i + L), d);
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
            d.intoArray(w, to + (BLOCK + j) * L);
        }
    }

    private static void dotsInt8(
            long keys, long stride, int count, int width, float[] w, int query, int apart, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
            FloatVector d = FloatVector.zero(S);
            long at = keys + j * stride;
            for (int i = 0; i < width; i += 4 * L) {
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                FloatVector e1 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                FloatVector e2 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                FloatVector e3 =
                        (FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                c = e0.fma(FloatVector.fromArray(S, w, query + i), c);
                c = e1.fma(FloatVector.fromArray(S, w, query + i + L), c);
                c = e2.fma(FloatVector.fromArray(S, w, query + i + 2 * L), c);
                c = e3.fma(FloatVector.fromArray(S, w, query + i + 3 * L), c);
                d = e0.fma(FloatVector.fromArray(S, w, query + apart + i), d);
                d = e1.fma(FloatVector.fromArray(S, w, query + apart + i + L), d);
                d = e2.fma(FloatVector.fromArray(S, w, query + apart + i + 2 * L), d);
                d = e3.fma(FloatVector.fromArray(S, w, query + apart + i + 3 * L), d);
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
            d.intoArray(w, to + (BLOCK + j) * L);
        }
    }
}
