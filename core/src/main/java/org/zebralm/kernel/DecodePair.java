package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of two queries at once with keys and values read straight from memory: those of a group's heads,
/// or of several rows, that share them.
///
/// An element is loaded and widened once for both. (Four at once have more vectors than one method may: C2 stops
/// inlining and allocates each, at a hundredth of the speed.) Elements lie in the order that
/// [DecodeStream#split] tells.
final class DecodePair {
    /// Queries that are taken at once.
    static final int QUERIES = 2;

    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER_HALF = 0xffff0000;
    private static final IntVector LOW_2 = Transpose.LOW_2;
    private static final IntVector LOW_4 = Transpose.LOW_4;
    private static final IntVector LOW_8 = Transpose.LOW_8;
    private static final IntVector HIGH_2 = Transpose.HIGH_2;
    private static final IntVector HIGH_4 = Transpose.HIGH_4;
    private static final IntVector HIGH_8 = Transpose.HIGH_8;

    private static final IntVector EVEN = DecodeStream.EVEN;
    private static final IntVector ODD = DecodeStream.ODD;
    private static final IntVector FIRST = IntVector.fromArray(INTS, fours(0), 0);
    private static final IntVector SECOND = IntVector.fromArray(INTS, fours(4), 0);

    private DecodePair() {}

    /// Every second four of 32.
    private static int[] fours(int first) {
        int[] source = new int[L];
        for (int lane = 0; lane < L; lane++) {
            source[lane] = (first + lane / 4 * 8 + lane % 4) % (2 * L);
        }
        return source;
    }

    /// Puts the dot products of `count` keys, `stride` bytes apart, with the queries at `queries`
    /// and `apart` behind it, into `w[to ..]`: for each four keys two halves of the first query's, then of the
    /// second's, which [#fold] adds.
    static void scores(
            long keys, long stride, int count, int width, Storage storage, float[] w, int queries, int apart, int to) {
        switch (storage) {
            case FLOAT32 -> scoresFloats(keys, stride, count, width, w, queries, apart, to);
            case BFLOAT16 -> scoresBfloat16(keys, stride, count, width, w, queries, apart, to);
            case INT8 -> scoresInt8(keys, stride, count, width, w, queries, apart, to);
        }
    }

    private static void scoresFloats(
            long keys, long stride, int count, int width, float[] w, int queries, int apart, int to) {
        int query1 = queries + apart;
        long last = keys + (count - 1) * stride;
        for (int j = 0; j < count; j += 4) {
            long k0 = keys + j * stride;
            long k1 = Math.min(k0 + stride, last);
            long k2 = Math.min(k1 + stride, last);
            long k3 = Math.min(k2 + stride, last);
            FloatVector c00 = FloatVector.zero(S);
            FloatVector c01 = FloatVector.zero(S);
            FloatVector c02 = FloatVector.zero(S);
            FloatVector c03 = FloatVector.zero(S);
            FloatVector c10 = FloatVector.zero(S);
            FloatVector c11 = FloatVector.zero(S);
            FloatVector c12 = FloatVector.zero(S);
            FloatVector c13 = FloatVector.zero(S);
            for (int d = 0; d < width; d += L) {
                FloatVector q00 = FloatVector.fromArray(S, w, queries + d);
                FloatVector q10 = FloatVector.fromArray(S, w, query1 + d);
                FloatVector x0 = FloatVector.fromMemorySegment(S, MEMORY, k0, ORDER);
                c00 = x0.fma(q00, c00);
                c10 = x0.fma(q10, c10);
                k0 += 4L * L;
                FloatVector x1 = FloatVector.fromMemorySegment(S, MEMORY, k1, ORDER);
                c01 = x1.fma(q00, c01);
                c11 = x1.fma(q10, c11);
                k1 += 4L * L;
                FloatVector x2 = FloatVector.fromMemorySegment(S, MEMORY, k2, ORDER);
                c02 = x2.fma(q00, c02);
                c12 = x2.fma(q10, c12);
                k2 += 4L * L;
                FloatVector x3 = FloatVector.fromMemorySegment(S, MEMORY, k3, ORDER);
                c03 = x3.fma(q00, c03);
                c13 = x3.fma(q10, c13);
                k3 += 4L * L;
            }
            FloatVector c0 = LOW_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c1 = LOW_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c2 = LOW_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c3 = LOW_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 4 * j);
        }
    }

    private static void scoresBfloat16(
            long keys, long stride, int count, int width, float[] w, int queries, int apart, int to) {
        int query1 = queries + apart;
        long last = keys + (count - 1) * stride;
        for (int j = 0; j < count; j += 4) {
            long k0 = keys + j * stride;
            long k1 = Math.min(k0 + stride, last);
            long k2 = Math.min(k1 + stride, last);
            long k3 = Math.min(k2 + stride, last);
            FloatVector c00 = FloatVector.zero(S);
            FloatVector c01 = FloatVector.zero(S);
            FloatVector c02 = FloatVector.zero(S);
            FloatVector c03 = FloatVector.zero(S);
            FloatVector c10 = FloatVector.zero(S);
            FloatVector c11 = FloatVector.zero(S);
            FloatVector c12 = FloatVector.zero(S);
            FloatVector c13 = FloatVector.zero(S);
            for (int d = 0; d < width; d += 2 * L) {
                FloatVector q00 = FloatVector.fromArray(S, w, queries + d);
                FloatVector q01 = FloatVector.fromArray(S, w, queries + d + L);
                FloatVector q10 = FloatVector.fromArray(S, w, query1 + d);
                FloatVector q11 = FloatVector.fromArray(S, w, query1 + d + L);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, k0, ORDER);
                FloatVector e00 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                c00 = e00.fma(q00, c00);
                c10 = e00.fma(q10, c10);
                FloatVector e01 = x0.and(UPPER_HALF).reinterpretAsFloats();
                c00 = e01.fma(q01, c00);
                c10 = e01.fma(q11, c10);
                k0 += 4L * L;
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, k1, ORDER);
                FloatVector e10 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                c01 = e10.fma(q00, c01);
                c11 = e10.fma(q10, c11);
                FloatVector e11 = x1.and(UPPER_HALF).reinterpretAsFloats();
                c01 = e11.fma(q01, c01);
                c11 = e11.fma(q11, c11);
                k1 += 4L * L;
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, k2, ORDER);
                FloatVector e20 = x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                c02 = e20.fma(q00, c02);
                c12 = e20.fma(q10, c12);
                FloatVector e21 = x2.and(UPPER_HALF).reinterpretAsFloats();
                c02 = e21.fma(q01, c02);
                c12 = e21.fma(q11, c12);
                k2 += 4L * L;
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, k3, ORDER);
                FloatVector e30 = x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                c03 = e30.fma(q00, c03);
                c13 = e30.fma(q10, c13);
                FloatVector e31 = x3.and(UPPER_HALF).reinterpretAsFloats();
                c03 = e31.fma(q01, c03);
                c13 = e31.fma(q11, c13);
                k3 += 4L * L;
            }
            FloatVector c0 = LOW_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c1 = LOW_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c2 = LOW_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c3 = LOW_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 4 * j);
        }
    }

    private static void scoresInt8(
            long keys, long stride, int count, int width, float[] w, int queries, int apart, int to) {
        int query1 = queries + apart;
        long last = keys + (count - 1) * stride;
        for (int j = 0; j < count; j += 4) {
            long k0 = keys + j * stride;
            long k1 = Math.min(k0 + stride, last);
            long k2 = Math.min(k1 + stride, last);
            long k3 = Math.min(k2 + stride, last);
            FloatVector c00 = FloatVector.zero(S);
            FloatVector c01 = FloatVector.zero(S);
            FloatVector c02 = FloatVector.zero(S);
            FloatVector c03 = FloatVector.zero(S);
            FloatVector c10 = FloatVector.zero(S);
            FloatVector c11 = FloatVector.zero(S);
            FloatVector c12 = FloatVector.zero(S);
            FloatVector c13 = FloatVector.zero(S);
            for (int d = 0; d < width; d += 4 * L) {
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, k0, ORDER);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, k1, ORDER);
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, k2, ORDER);
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, k3, ORDER);
                FloatVector q00 = FloatVector.fromArray(S, w, queries + d);
                FloatVector q10 = FloatVector.fromArray(S, w, query1 + d);
                FloatVector e00 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c00 = e00.fma(q00, c00);
                c10 = e00.fma(q10, c10);
                FloatVector e10 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c01 = e10.fma(q00, c01);
                c11 = e10.fma(q10, c11);
                FloatVector e20 = (FloatVector) x2.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c02 = e20.fma(q00, c02);
                c12 = e20.fma(q10, c12);
                FloatVector e30 = (FloatVector) x3.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c03 = e30.fma(q00, c03);
                c13 = e30.fma(q10, c13);
                FloatVector q01 = FloatVector.fromArray(S, w, queries + d + L);
                FloatVector q11 = FloatVector.fromArray(S, w, query1 + d + L);
                FloatVector e01 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c00 = e01.fma(q01, c00);
                c10 = e01.fma(q11, c10);
                FloatVector e11 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c01 = e11.fma(q01, c01);
                c11 = e11.fma(q11, c11);
                FloatVector e21 = (FloatVector) x2.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c02 = e21.fma(q01, c02);
                c12 = e21.fma(q11, c12);
                FloatVector e31 = (FloatVector) x3.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c03 = e31.fma(q01, c03);
                c13 = e31.fma(q11, c13);
                FloatVector q02 = FloatVector.fromArray(S, w, queries + d + 2 * L);
                FloatVector q12 = FloatVector.fromArray(S, w, query1 + d + 2 * L);
                FloatVector e02 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c00 = e02.fma(q02, c00);
                c10 = e02.fma(q12, c10);
                FloatVector e12 = (FloatVector) x1.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c01 = e12.fma(q02, c01);
                c11 = e12.fma(q12, c11);
                FloatVector e22 = (FloatVector) x2.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c02 = e22.fma(q02, c02);
                c12 = e22.fma(q12, c12);
                FloatVector e32 = (FloatVector) x3.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                c03 = e32.fma(q02, c03);
                c13 = e32.fma(q12, c13);
                FloatVector q03 = FloatVector.fromArray(S, w, queries + d + 3 * L);
                FloatVector q13 = FloatVector.fromArray(S, w, query1 + d + 3 * L);
                FloatVector e03 =
                        (FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                c00 = e03.fma(q03, c00);
                c10 = e03.fma(q13, c10);
                FloatVector e13 =
                        (FloatVector) x1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                c01 = e13.fma(q03, c01);
                c11 = e13.fma(q13, c11);
                FloatVector e23 =
                        (FloatVector) x2.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                c02 = e23.fma(q03, c02);
                c12 = e23.fma(q13, c12);
                FloatVector e33 =
                        (FloatVector) x3.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                c03 = e33.fma(q03, c03);
                c13 = e33.fma(q13, c13);
                k0 += 4L * L;
                k1 += 4L * L;
                k2 += 4L * L;
                k3 += 4L * L;
            }
            FloatVector c0 = LOW_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c00.reinterpretAsInts(), c10.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c1 = LOW_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c01.reinterpretAsInts(), c11.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c2 = LOW_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c02.reinterpretAsInts(), c12.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c3 = LOW_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c03.reinterpretAsInts(), c13.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c0.reinterpretAsInts(), c2.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c1.reinterpretAsInts(), c3.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 4 * j);
        }
    }

    /// Adds the halves of `count` scores of both queries, rounded up to 16.
    static void fold(float[] w, int halves, int count, int scores0, int scores1) {
        for (int j = 0; j < count; j += L) {
            // Eight keys at a time: four of the first query, four of the second, and again.
            IntVector a = FloatVector.fromArray(S, w, halves + 4 * j).reinterpretAsInts();
            IntVector b = FloatVector.fromArray(S, w, halves + 4 * j + L).reinterpretAsInts();
            IntVector low = EVEN.selectFrom(a, b)
                    .reinterpretAsFloats()
                    .add(ODD.selectFrom(a, b).reinterpretAsFloats())
                    .reinterpretAsInts();
            IntVector c = FloatVector.fromArray(S, w, halves + 4 * j + 2 * L).reinterpretAsInts();
            IntVector d = FloatVector.fromArray(S, w, halves + 4 * j + 3 * L).reinterpretAsInts();
            IntVector high = EVEN.selectFrom(c, d)
                    .reinterpretAsFloats()
                    .add(ODD.selectFrom(c, d).reinterpretAsFloats())
                    .reinterpretAsInts();
            FIRST.selectFrom(low, high).reinterpretAsFloats().intoArray(w, scores0 + j);
            SECOND.selectFrom(low, high).reinterpretAsFloats().intoArray(w, scores1 + j);
        }
    }

    /// Adds `count` values, `stride` bytes apart, times the probabilities at `p`, `pApart` from each other, to the
    /// outputs at `to`, `apart` from each other.
    static void addValues(
            long values,
            long stride,
            int count,
            int width,
            Storage storage,
            float[] w,
            int p,
            int pApart,
            int to,
            int apart) {
        switch (storage) {
            case FLOAT32 -> addFloats(values, stride, count, width, w, p, pApart, to, apart);
            case BFLOAT16 -> addBfloat16(values, stride, count, width, w, p, pApart, to, apart);
            case INT8 -> addInt8(values, stride, count, width, w, p, pApart, to, apart);
        }
    }

    private static void addFloats(
            long values, long stride, int count, int width, float[] w, int p, int pApart, int to, int apart) {
        int p1 = p + pApart;
        int to1 = to + apart;
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a00 = FloatVector.fromArray(S, w, to + d);
            FloatVector a01 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a02 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a03 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a10 = FloatVector.fromArray(S, w, to1 + d);
            FloatVector a11 = FloatVector.fromArray(S, w, to1 + d + L);
            FloatVector a12 = FloatVector.fromArray(S, w, to1 + d + 2 * L);
            FloatVector a13 = FloatVector.fromArray(S, w, to1 + d + 3 * L);
            long at = values + 4L * d;
            for (int j = 0; j < count; j++) {
                FloatVector r0 = FloatVector.broadcast(S, w[p + j]);
                FloatVector r1 = FloatVector.broadcast(S, w[p1 + j]);
                FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
                a00 = e0.fma(r0, a00);
                a10 = e0.fma(r1, a10);
                FloatVector e1 = FloatVector.fromMemorySegment(S, MEMORY, at + 4L * L, ORDER);
                a01 = e1.fma(r0, a01);
                a11 = e1.fma(r1, a11);
                FloatVector e2 = FloatVector.fromMemorySegment(S, MEMORY, at + 8L * L, ORDER);
                a02 = e2.fma(r0, a02);
                a12 = e2.fma(r1, a12);
                FloatVector e3 = FloatVector.fromMemorySegment(S, MEMORY, at + 12L * L, ORDER);
                a03 = e3.fma(r0, a03);
                a13 = e3.fma(r1, a13);
                at += stride;
            }
            a00.intoArray(w, to + d);
            a01.intoArray(w, to + d + L);
            a02.intoArray(w, to + d + 2 * L);
            a03.intoArray(w, to + d + 3 * L);
            a10.intoArray(w, to1 + d);
            a11.intoArray(w, to1 + d + L);
            a12.intoArray(w, to1 + d + 2 * L);
            a13.intoArray(w, to1 + d + 3 * L);
        }
        for (; d + L <= width; d += L) {
            FloatVector a00 = FloatVector.fromArray(S, w, to + d);
            FloatVector a10 = FloatVector.fromArray(S, w, to1 + d);
            long at = values + 4L * d;
            for (int j = 0; j < count; j++) {
                FloatVector r0 = FloatVector.broadcast(S, w[p + j]);
                FloatVector r1 = FloatVector.broadcast(S, w[p1 + j]);
                FloatVector e0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER);
                a00 = e0.fma(r0, a00);
                a10 = e0.fma(r1, a10);
                at += stride;
            }
            a00.intoArray(w, to + d);
            a10.intoArray(w, to1 + d);
        }
    }

    private static void addBfloat16(
            long values, long stride, int count, int width, float[] w, int p, int pApart, int to, int apart) {
        int p1 = p + pApart;
        int to1 = to + apart;
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a00 = FloatVector.fromArray(S, w, to + d);
            FloatVector a01 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a02 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a03 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a10 = FloatVector.fromArray(S, w, to1 + d);
            FloatVector a11 = FloatVector.fromArray(S, w, to1 + d + L);
            FloatVector a12 = FloatVector.fromArray(S, w, to1 + d + 2 * L);
            FloatVector a13 = FloatVector.fromArray(S, w, to1 + d + 3 * L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector r0 = FloatVector.broadcast(S, w[p + j]);
                FloatVector r1 = FloatVector.broadcast(S, w[p1 + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                a00 = e0.fma(r0, a00);
                a10 = e0.fma(r1, a10);
                FloatVector e1 = x0.and(UPPER_HALF).reinterpretAsFloats();
                a01 = e1.fma(r0, a01);
                a11 = e1.fma(r1, a11);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
                FloatVector e2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                a02 = e2.fma(r0, a02);
                a12 = e2.fma(r1, a12);
                FloatVector e3 = x1.and(UPPER_HALF).reinterpretAsFloats();
                a03 = e3.fma(r0, a03);
                a13 = e3.fma(r1, a13);
                at += stride;
            }
            a00.intoArray(w, to + d);
            a01.intoArray(w, to + d + L);
            a02.intoArray(w, to + d + 2 * L);
            a03.intoArray(w, to + d + 3 * L);
            a10.intoArray(w, to1 + d);
            a11.intoArray(w, to1 + d + L);
            a12.intoArray(w, to1 + d + 2 * L);
            a13.intoArray(w, to1 + d + 3 * L);
        }
        for (; d + 2 * L <= width; d += 2 * L) {
            FloatVector a00 = FloatVector.fromArray(S, w, to + d);
            FloatVector a01 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a10 = FloatVector.fromArray(S, w, to1 + d);
            FloatVector a11 = FloatVector.fromArray(S, w, to1 + d + L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector r0 = FloatVector.broadcast(S, w[p + j]);
                FloatVector r1 = FloatVector.broadcast(S, w[p1 + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
                a00 = e0.fma(r0, a00);
                a10 = e0.fma(r1, a10);
                FloatVector e1 = x0.and(UPPER_HALF).reinterpretAsFloats();
                a01 = e1.fma(r0, a01);
                a11 = e1.fma(r1, a11);
                at += stride;
            }
            a00.intoArray(w, to + d);
            a01.intoArray(w, to + d + L);
            a10.intoArray(w, to1 + d);
            a11.intoArray(w, to1 + d + L);
        }
    }

    private static void addInt8(
            long values, long stride, int count, int width, float[] w, int p, int pApart, int to, int apart) {
        int p1 = p + pApart;
        int to1 = to + apart;
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a00 = FloatVector.fromArray(S, w, to + d);
            FloatVector a01 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a02 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a03 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a10 = FloatVector.fromArray(S, w, to1 + d);
            FloatVector a11 = FloatVector.fromArray(S, w, to1 + d + L);
            FloatVector a12 = FloatVector.fromArray(S, w, to1 + d + 2 * L);
            FloatVector a13 = FloatVector.fromArray(S, w, to1 + d + 3 * L);
            long at = values + d;
            for (int j = 0; j < count; j++) {
                FloatVector r0 = FloatVector.broadcast(S, w[p + j]);
                FloatVector r1 = FloatVector.broadcast(S, w[p1 + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                FloatVector e0 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                a00 = e0.fma(r0, a00);
                a10 = e0.fma(r1, a10);
                FloatVector e1 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                a01 = e1.fma(r0, a01);
                a11 = e1.fma(r1, a11);
                FloatVector e2 = (FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                        .lanewise(VectorOperators.ASHR, 24)
                        .convert(VectorOperators.I2F, 0);
                a02 = e2.fma(r0, a02);
                a12 = e2.fma(r1, a12);
                FloatVector e3 =
                        (FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0);
                a03 = e3.fma(r0, a03);
                a13 = e3.fma(r1, a13);
                at += stride;
            }
            a00.intoArray(w, to + d);
            a01.intoArray(w, to + d + L);
            a02.intoArray(w, to + d + 2 * L);
            a03.intoArray(w, to + d + 3 * L);
            a10.intoArray(w, to1 + d);
            a11.intoArray(w, to1 + d + L);
            a12.intoArray(w, to1 + d + 2 * L);
            a13.intoArray(w, to1 + d + 3 * L);
        }
    }
}
