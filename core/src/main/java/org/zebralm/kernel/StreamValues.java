package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Sums of values read straight from memory, each times its probability, for one query. See [StreamScores].
final class StreamValues {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final int BLOCK = Lanes.BLOCK;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER = 0xffff0000;

    private StreamValues() {}

    /// Adds `count` values, `stride` bytes apart and times their probabilities at `p`, to the output at `to`.
    static void add(long values, long stride, int count, int width, Storage storage, float[] w, int p, int to) {
        // By blocks: see [Lanes#BLOCK].
        for (int j = 0; j < count; j += BLOCK) {
            int n = Math.min(BLOCK, count - j);
            long at = values + j * stride;
            switch (storage) {
                case FLOAT32 -> addFloats(at, stride, n, width, w, p + j, to);
                case BFLOAT16 -> addBfloat16(at, stride, n, width, w, p + j, to);
                case INT8 -> addInt8(at, stride, n, width, w, p + j, to);
            }
        }
    }

    private static void addFloats(long values, long stride, int count, int width, float[] w, int p, int to) {
        int i = 0;
        for (; i + 8 * L <= width; i += 8 * L) {
            addFloatsOf8(values + 4L * i, stride, count, w, p, to + i);
        }
        for (; i + 4 * L <= width; i += 4 * L) {
            addFloatsOf4(values + 4L * i, stride, count, w, p, to + i);
        }
        for (; i + L <= width; i += L) {
            addFloatsOf1(values + 4L * i, stride, count, w, p, to + i);
        }
    }

    private static void addFloatsOf8(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        FloatVector a4 = FloatVector.fromArray(S, w, to + 4 * L);
        FloatVector a5 = FloatVector.fromArray(S, w, to + 5 * L);
        FloatVector a6 = FloatVector.fromArray(S, w, to + 6 * L);
        FloatVector a7 = FloatVector.fromArray(S, w, to + 7 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
            FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
            FloatVector e1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER);
            FloatVector e3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER);
            FloatVector e4 = FloatVector.fromMemorySegment(S, MEMORY, at + 16L * L, ORDER);
            FloatVector e5 = FloatVector.fromMemorySegment(S, MEMORY, at + 20L * L, ORDER);
            FloatVector e6 = FloatVector.fromMemorySegment(S, MEMORY, at + 24L * L, ORDER);
            FloatVector e7 = FloatVector.fromMemorySegment(S, MEMORY, at + 28L * L, ORDER);
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            a4 = e4.fma(r, a4);
            a5 = e5.fma(r, a5);
            a6 = e6.fma(r, a6);
            a7 = e7.fma(r, a7);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
        a4.intoArray(w, to + 4 * L);
        a5.intoArray(w, to + 5 * L);
        a6.intoArray(w, to + 6 * L);
        a7.intoArray(w, to + 7 * L);
    }

    private static void addFloatsOf4(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
            FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
            FloatVector e1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER);
            FloatVector e3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER);
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
    }

    private static void addFloatsOf1(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
            FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
            a0 = e0.fma(r, a0);
            at += stride;
        }
        a0.intoArray(w, to);
    }

    private static void addBfloat16(long values, long stride, int count, int width, float[] w, int p, int to) {
        int i = 0;
        for (; i + 8 * L <= width; i += 8 * L) {
            addBfloat16Of8(values + 2L * i, stride, count, w, p, to + i);
        }
        for (; i + 4 * L <= width; i += 4 * L) {
            addBfloat16Of4(values + 2L * i, stride, count, w, p, to + i);
        }
        for (; i + 2 * L <= width; i += 2 * L) {
            addBfloat16Of2(values + 2L * i, stride, count, w, p, to + i);
        }
    }

    private static void addBfloat16Of8(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        FloatVector a4 = FloatVector.fromArray(S, w, to + 4 * L);
        FloatVector a5 = FloatVector.fromArray(S, w, to + 5 * L);
        FloatVector a6 = FloatVector.fromArray(S, w, to + 6 * L);
        FloatVector a7 = FloatVector.fromArray(S, w, to + 7 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
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
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            a4 = e4.fma(r, a4);
            a5 = e5.fma(r, a5);
            a6 = e6.fma(r, a6);
            a7 = e7.fma(r, a7);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
        a4.intoArray(w, to + 4 * L);
        a5.intoArray(w, to + 5 * L);
        a6.intoArray(w, to + 6 * L);
        a7.intoArray(w, to + 7 * L);
    }

    private static void addBfloat16Of4(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
            IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
            FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
            IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
            FloatVector e2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e3 = x1.and(UPPER).reinterpretAsFloats();
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
    }

    private static void addBfloat16Of2(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
            IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
            FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
            FloatVector e1 = x0.and(UPPER).reinterpretAsFloats();
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
    }

    private static void addInt8(long values, long stride, int count, int width, float[] w, int p, int to) {
        int i = 0;
        for (; i + 8 * L <= width; i += 8 * L) {
            addInt8Of8(values + i, stride, count, w, p, to + i);
        }
        for (; i + 4 * L <= width; i += 4 * L) {
            addInt8Of4(values + i, stride, count, w, p, to + i);
        }
    }

    private static void addInt8Of8(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        FloatVector a4 = FloatVector.fromArray(S, w, to + 4 * L);
        FloatVector a5 = FloatVector.fromArray(S, w, to + 5 * L);
        FloatVector a6 = FloatVector.fromArray(S, w, to + 6 * L);
        FloatVector a7 = FloatVector.fromArray(S, w, to + 7 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
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
            FloatVector e3 = (FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
            IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
            FloatVector e4 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 24)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0);
            FloatVector e5 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 16)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0);
            FloatVector e6 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 8)
                    .lanewise(VectorOperators.ASHR, 24)
                    .convert(VectorOperators.I2F, 0);
            FloatVector e7 = (FloatVector) x1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            a4 = e4.fma(r, a4);
            a5 = e5.fma(r, a5);
            a6 = e6.fma(r, a6);
            a7 = e7.fma(r, a7);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
        a4.intoArray(w, to + 4 * L);
        a5.intoArray(w, to + 5 * L);
        a6.intoArray(w, to + 6 * L);
        a7.intoArray(w, to + 7 * L);
    }

    private static void addInt8Of4(long values, long stride, int count, float[] w, int p, int to) {
        FloatVector a0 = FloatVector.fromArray(S, w, to);
        FloatVector a1 = FloatVector.fromArray(S, w, to + L);
        FloatVector a2 = FloatVector.fromArray(S, w, to + 2 * L);
        FloatVector a3 = FloatVector.fromArray(S, w, to + 3 * L);
        long at = values;
        for (int j = 0; j < count; j++) {
            FloatVector r = FloatVector.broadcast(S, w[p + j]);
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
            FloatVector e3 = (FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
            a0 = e0.fma(r, a0);
            a1 = e1.fma(r, a1);
            a2 = e2.fma(r, a2);
            a3 = e3.fma(r, a3);
            at += stride;
        }
        a0.intoArray(w, to);
        a1.intoArray(w, to + L);
        a2.intoArray(w, to + 2 * L);
        a3.intoArray(w, to + 3 * L);
    }
}
