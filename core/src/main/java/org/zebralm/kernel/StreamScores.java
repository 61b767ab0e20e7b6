package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Scores of one query with keys read straight from memory, so that loads and arithmetic overlap.
///
/// How fast keys arrive from memory depends on how far the processor reads ahead: rows are walked from one end to
/// the other, one after the other, and each costs as few instructions as it can. A key's products are added
/// lane by lane, which leaves 16 sums, and [LaneSums] adds those of eight keys together. Elements lie in
/// the order that [WordOrder] gives. Written out for the reason given in [RegisterTile].
final class StreamScores {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final int BLOCK = Lanes.BLOCK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER = 0xffff0000;

    private StreamScores() {}

    /// Puts the scores of `count` keys, `stride` bytes apart, into `w[to ..]`, up to 15 numbers without meaning
    /// behind them; `sums` is room for 16 floats for each key of a block.
    static void scores(
            long keys, long stride, int count, int width, Storage storage, float[] w, int query, int sums, int to) {
        for (int j = 0; j < count; j += BLOCK) {
            int n = Math.min(BLOCK, count - j);
            long at = keys + j * stride;
            switch (storage) {
                case FLOAT32 -> {
                    switch (width / L) {
                        case 4 -> dotsFloatsOf4(at, stride, n, w, query, sums);
                        case 8 -> dotsFloatsOf8(at, stride, n, w, query, sums);
                        default -> dotsFloats(at, stride, n, width, w, query, sums);
                    }
                }
                case BFLOAT16 -> {
                    switch (width / L) {
                        case 4 -> dotsBfloat16Of4(at, stride, n, w, query, sums);
                        case 8 -> dotsBfloat16Of8(at, stride, n, w, query, sums);
                        default -> dotsBfloat16(at, stride, n, width, w, query, sums);
                    }
                }
                case INT8 -> dotsInt8(at, stride, n, width, w, query, sums);
            }
            LaneSums.add(w, sums, n, to + j);
        }
    }

    private static void dotsFloatsOf4(long keys, long stride, int count, float[] w, int query, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
        long at = keys;
        for (int j = 0; j < count; j++) {
            FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
            FloatVector e1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER);
            FloatVector e3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER);
            FloatVector c = e0.mul(p0);
            c = e1.fma(p1, c);
            c = e2.fma(p2, c);
            c = e3.fma(p3, c);
            c.intoArray(w, to + j * L);
            at += stride;
        }
    }

    private static void dotsFloatsOf8(long keys, long stride, int count, float[] w, int query, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
        FloatVector p4 = FloatVector.fromArray(S, w, query + 4 * L);
        FloatVector p5 = FloatVector.fromArray(S, w, query + 5 * L);
        FloatVector p6 = FloatVector.fromArray(S, w, query + 6 * L);
        FloatVector p7 = FloatVector.fromArray(S, w, query + 7 * L);
        long at = keys;
        for (int j = 0; j < count; j++) {
            FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
            FloatVector e1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER);
            FloatVector e3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER);
            FloatVector e4 = FloatVector.fromMemorySegment(S, MEMORY, at + 16L * L, ORDER);
            FloatVector e5 = FloatVector.fromMemorySegment(S, MEMORY, at + 20L * L, ORDER);
            FloatVector e6 = FloatVector.fromMemorySegment(S, MEMORY, at + 24L * L, ORDER);
            FloatVector e7 = FloatVector.fromMemorySegment(S, MEMORY, at + 28L * L, ORDER);
            FloatVector c = e0.mul(p0);
            c = e1.fma(p1, c);
            c = e2.fma(p2, c);
            c = e3.fma(p3, c);
            c = e4.fma(p4, c);
            c = e5.fma(p5, c);
            c = e6.fma(p6, c);
            c = e7.fma(p7, c);
            c.intoArray(w, to + j * L);
            at += stride;
        }
    }

    private static void dotsFloats(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
            long at = keys + j * stride;
            for (int i = 0; i < width; i += L) {
                FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
                c = e0.fma(FloatVector.fromArray(S, w, query + i), c);
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
        }
    }

    private static void dotsBfloat16Of4(long keys, long stride, int count, float[] w, int query, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
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
            c.intoArray(w, to + j * L);
            at += stride;
        }
    }

    private static void dotsBfloat16Of8(long keys, long stride, int count, float[] w, int query, int to) {
        FloatVector p0 = FloatVector.fromArray(S, w, query);
        FloatVector p1 = FloatVector.fromArray(S, w, query + L);
        FloatVector p2 = FloatVector.fromArray(S, w, query + 2 * L);
        FloatVector p3 = FloatVector.fromArray(S, w, query + 3 * L);
        FloatVector p4 = FloatVector.fromArray(S, w, query + 4 * L);
        FloatVector p5 = FloatVector.fromArray(S, w, query + 5 * L);
        FloatVector p6 = FloatVector.fromArray(S, w, query + 6 * L);
        FloatVector p7 = FloatVector.fromArray(S, w, query + 7 * L);
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
            c.intoArray(w, to + j * L);
            at += stride;
        }
    }

    private static void dotsBfloat16(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
            long at = keys + j * stride;
            for (int i = 0; i < width; i += 2 * L) {
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
                c = e0.fma(FloatVector.fromArray(S, w, query + i), c);
                c = e1.fma(FloatVector.fromArray(S, w, query + i + L), c);
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
        }
    }

    private static void dotsInt8(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int j = 0; j < count; j++) {
            FloatVector c = FloatVector.zero(S);
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
                at += 4L * L;
            }
            c.intoArray(w, to + j * L);
        }
    }
}
