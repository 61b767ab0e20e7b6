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
/// How fast keys arrive from memory depends on how many loads the processor sees ahead, so an instruction saved
/// per key is bandwidth gained: keys go eight at a time, and their sums are folded together in three rounds of
/// two-source shuffles instead of one by one (see `docs/architecture.md`). All is written out for the reason
/// given in [RegisterTile].
///
/// A vector of 32-bit words holds 2 bfloat16 or 4 int8 elements per lane, which shifts take apart. Queries and
/// outputs are kept in that order, see [#split] and [#join], which costs nothing per key.
final class DecodeStream {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final int L = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final int UPPER = 0xffff0000;
    private static final IntVector LOW_2 = Transpose.LOW_2;
    private static final IntVector LOW_4 = Transpose.LOW_4;
    private static final IntVector LOW_8 = Transpose.LOW_8;
    private static final IntVector HIGH_2 = Transpose.HIGH_2;
    private static final IntVector HIGH_4 = Transpose.HIGH_4;
    private static final IntVector HIGH_8 = Transpose.HIGH_8;
    // With fewer lanes than 16 these are made, but not used.
    static final IntVector EVEN = IntVector.fromArray(INTS, everySecond(0), 0);
    static final IntVector ODD = IntVector.fromArray(INTS, everySecond(1), 0);

    private DecodeStream() {}

    private static int[] everySecond(int first) {
        int[] source = new int[L];
        for (int lane = 0; lane < L; lane++) {
            source[lane] = 2 * lane + first;
        }
        return source;
    }

    /// Returns whether rows of a width can be read here: whole vectors of them, 16 lanes each.
    static boolean takes(int width, Storage storage) {
        return L == 16 && width % (storage.perWord() * L) == 0;
    }

    /// Orders a row's elements as the words of a storage give them.
    static void split(float[] w, int from, int to, int width, Storage storage) {
        int n = storage.perWord();
        for (int d = 0; d < width; d += n * L) {
            for (int i = 0; i < L; i++) {
                for (int r = 0; r < n; r++) {
                    w[to + d + r * L + i] = w[from + d + n * i + r];
                }
            }
        }
    }

    /// Undoes [#split].
    static void join(float[] w, int from, int to, int width, Storage storage) {
        int n = storage.perWord();
        for (int d = 0; d < width; d += n * L) {
            for (int i = 0; i < L; i++) {
                for (int r = 0; r < n; r++) {
                    w[to + d + n * i + r] = w[from + d + r * L + i];
                }
            }
        }
    }

    /// Puts the dot products of `count` keys, `stride` bytes apart and at least 8, into `w[to ..]`: two halves
    /// of each, which [#fold] adds.
    static void scores(long keys, long stride, int count, int width, Storage storage, float[] w, int query, int to) {
        switch (storage) {
            case FLOAT32 -> scoresFloats(keys, stride, count, width, w, query, to);
            case BFLOAT16 -> scoresBfloat16(keys, stride, count, width, w, query, to);
            case INT8 -> scoresInt8(keys, stride, count, width, w, query, to);
        }
    }

    /// Adds the halves of `count` scores, rounded up to 16.
    static void fold(float[] w, int halves, int count, int scores) {
        if (L != 16) {
            for (int j = 0; j < count; j++) {
                w[scores + j] = w[halves + 2 * j] + w[halves + 2 * j + 1];
            }
            return;
        }
        for (int j = 0; j < count; j += L) {
            IntVector a = FloatVector.fromArray(S, w, halves + 2 * j).reinterpretAsInts();
            IntVector b = FloatVector.fromArray(S, w, halves + 2 * j + L).reinterpretAsInts();
            EVEN.selectFrom(a, b)
                    .reinterpretAsFloats()
                    .add(ODD.selectFrom(a, b).reinterpretAsFloats())
                    .intoArray(w, scores + j);
        }
    }

    private static void scoresFloats(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int next = 0; next < count; next += 8) {
            int j = Math.min(next, count - 8);
            long k0 = keys + j * stride;
            long k1 = k0 + stride;
            long k2 = k1 + stride;
            long k3 = k2 + stride;
            long k4 = k3 + stride;
            long k5 = k4 + stride;
            long k6 = k5 + stride;
            long k7 = k6 + stride;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            FloatVector c4 = FloatVector.zero(S);
            FloatVector c5 = FloatVector.zero(S);
            FloatVector c6 = FloatVector.zero(S);
            FloatVector c7 = FloatVector.zero(S);
            for (int d = 0; d < width; d += L) {
                FloatVector q = FloatVector.fromArray(S, w, query + d);
                c0 = FloatVector.fromMemorySegment(S, MEMORY, k0, ORDER).fma(q, c0);
                k0 += 4L * L;
                c1 = FloatVector.fromMemorySegment(S, MEMORY, k1, ORDER).fma(q, c1);
                k1 += 4L * L;
                c2 = FloatVector.fromMemorySegment(S, MEMORY, k2, ORDER).fma(q, c2);
                k2 += 4L * L;
                c3 = FloatVector.fromMemorySegment(S, MEMORY, k3, ORDER).fma(q, c3);
                k3 += 4L * L;
                c4 = FloatVector.fromMemorySegment(S, MEMORY, k4, ORDER).fma(q, c4);
                k4 += 4L * L;
                c5 = FloatVector.fromMemorySegment(S, MEMORY, k5, ORDER).fma(q, c5);
                k5 += 4L * L;
                c6 = FloatVector.fromMemorySegment(S, MEMORY, k6, ORDER).fma(q, c6);
                k6 += 4L * L;
                c7 = FloatVector.fromMemorySegment(S, MEMORY, k7, ORDER).fma(q, c7);
                k7 += 4L * L;
            }
            FloatVector c04 = LOW_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c15 = LOW_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c26 = LOW_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c37 = LOW_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 2 * j);
        }
    }

    private static void scoresBfloat16(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int next = 0; next < count; next += 8) {
            int j = Math.min(next, count - 8);
            long k0 = keys + j * stride;
            long k1 = k0 + stride;
            long k2 = k1 + stride;
            long k3 = k2 + stride;
            long k4 = k3 + stride;
            long k5 = k4 + stride;
            long k6 = k5 + stride;
            long k7 = k6 + stride;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            FloatVector c4 = FloatVector.zero(S);
            FloatVector c5 = FloatVector.zero(S);
            FloatVector c6 = FloatVector.zero(S);
            FloatVector c7 = FloatVector.zero(S);
            for (int d = 0; d < width; d += 2 * L) {
                FloatVector even = FloatVector.fromArray(S, w, query + d);
                FloatVector odd = FloatVector.fromArray(S, w, query + d + L);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, k0, ORDER);
                c0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c0);
                c0 = x0.and(UPPER).reinterpretAsFloats().fma(odd, c0);
                k0 += 4L * L;
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, k1, ORDER);
                c1 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c1);
                c1 = x1.and(UPPER).reinterpretAsFloats().fma(odd, c1);
                k1 += 4L * L;
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, k2, ORDER);
                c2 = x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c2);
                c2 = x2.and(UPPER).reinterpretAsFloats().fma(odd, c2);
                k2 += 4L * L;
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, k3, ORDER);
                c3 = x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c3);
                c3 = x3.and(UPPER).reinterpretAsFloats().fma(odd, c3);
                k3 += 4L * L;
                IntVector x4 = IntVector.fromMemorySegment(INTS, MEMORY, k4, ORDER);
                c4 = x4.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c4);
                c4 = x4.and(UPPER).reinterpretAsFloats().fma(odd, c4);
                k4 += 4L * L;
                IntVector x5 = IntVector.fromMemorySegment(INTS, MEMORY, k5, ORDER);
                c5 = x5.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c5);
                c5 = x5.and(UPPER).reinterpretAsFloats().fma(odd, c5);
                k5 += 4L * L;
                IntVector x6 = IntVector.fromMemorySegment(INTS, MEMORY, k6, ORDER);
                c6 = x6.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c6);
                c6 = x6.and(UPPER).reinterpretAsFloats().fma(odd, c6);
                k6 += 4L * L;
                IntVector x7 = IntVector.fromMemorySegment(INTS, MEMORY, k7, ORDER);
                c7 = x7.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(even, c7);
                c7 = x7.and(UPPER).reinterpretAsFloats().fma(odd, c7);
                k7 += 4L * L;
            }
            FloatVector c04 = LOW_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c15 = LOW_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c26 = LOW_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c37 = LOW_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 2 * j);
        }
    }

    private static void scoresInt8(long keys, long stride, int count, int width, float[] w, int query, int to) {
        for (int next = 0; next < count; next += 8) {
            int j = Math.min(next, count - 8);
            long k0 = keys + j * stride;
            long k1 = k0 + stride;
            long k2 = k1 + stride;
            long k3 = k2 + stride;
            long k4 = k3 + stride;
            long k5 = k4 + stride;
            long k6 = k5 + stride;
            long k7 = k6 + stride;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            FloatVector c4 = FloatVector.zero(S);
            FloatVector c5 = FloatVector.zero(S);
            FloatVector c6 = FloatVector.zero(S);
            FloatVector c7 = FloatVector.zero(S);
            for (int d = 0; d < width; d += 4 * L) {
                FloatVector q0 = FloatVector.fromArray(S, w, query + d);
                FloatVector q1 = FloatVector.fromArray(S, w, query + d + L);
                FloatVector q2 = FloatVector.fromArray(S, w, query + d + 2 * L);
                FloatVector q3 = FloatVector.fromArray(S, w, query + d + 3 * L);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, k0, ORDER);
                c0 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c0);
                c0 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c0);
                c0 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c0);
                c0 = ((FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c0);
                k0 += 4L * L;
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, k1, ORDER);
                c1 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c1);
                c1 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c1);
                c1 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c1);
                c1 = ((FloatVector) x1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c1);
                k1 += 4L * L;
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, k2, ORDER);
                c2 = ((FloatVector) x2.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c2);
                c2 = ((FloatVector) x2.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c2);
                c2 = ((FloatVector) x2.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c2);
                c2 = ((FloatVector) x2.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c2);
                k2 += 4L * L;
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, k3, ORDER);
                c3 = ((FloatVector) x3.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c3);
                c3 = ((FloatVector) x3.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c3);
                c3 = ((FloatVector) x3.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c3);
                c3 = ((FloatVector) x3.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c3);
                k3 += 4L * L;
                IntVector x4 = IntVector.fromMemorySegment(INTS, MEMORY, k4, ORDER);
                c4 = ((FloatVector) x4.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c4);
                c4 = ((FloatVector) x4.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c4);
                c4 = ((FloatVector) x4.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c4);
                c4 = ((FloatVector) x4.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c4);
                k4 += 4L * L;
                IntVector x5 = IntVector.fromMemorySegment(INTS, MEMORY, k5, ORDER);
                c5 = ((FloatVector) x5.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c5);
                c5 = ((FloatVector) x5.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c5);
                c5 = ((FloatVector) x5.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c5);
                c5 = ((FloatVector) x5.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c5);
                k5 += 4L * L;
                IntVector x6 = IntVector.fromMemorySegment(INTS, MEMORY, k6, ORDER);
                c6 = ((FloatVector) x6.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c6);
                c6 = ((FloatVector) x6.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c6);
                c6 = ((FloatVector) x6.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c6);
                c6 = ((FloatVector) x6.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c6);
                k6 += 4L * L;
                IntVector x7 = IntVector.fromMemorySegment(INTS, MEMORY, k7, ORDER);
                c7 = ((FloatVector) x7.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q0, c7);
                c7 = ((FloatVector) x7.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q1, c7);
                c7 = ((FloatVector) x7.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(q2, c7);
                c7 = ((FloatVector) x7.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(q3, c7);
                k7 += 4L * L;
            }
            FloatVector c04 = LOW_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c15 = LOW_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c26 = LOW_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector c37 = LOW_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_8.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector evens = LOW_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector odds = LOW_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_4.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                            .reinterpretAsFloats());
            FloatVector pairs = LOW_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                    .reinterpretAsFloats()
                    .add(HIGH_2.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                            .reinterpretAsFloats());
            pairs.intoArray(w, to + 2 * j);
        }
    }

    /// Adds `count` values, `stride` bytes apart and each times its probability, to `w[to ..]`.
    static void addValues(long values, long stride, int count, int width, Storage storage, float[] w, int p, int to) {
        switch (storage) {
            case FLOAT32 -> addFloats(values, stride, count, width, w, p, to);
            case BFLOAT16 -> addBfloat16(values, stride, count, width, w, p, to);
            case INT8 -> addInt8(values, stride, count, width, w, p, to);
        }
    }

    private static void addFloats(long values, long stride, int count, int width, float[] w, int p, int to) {
        int d = 0;
        for (; d + 8 * L <= width; d += 8 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a4 = FloatVector.fromArray(S, w, to + d + 4 * L);
            FloatVector a5 = FloatVector.fromArray(S, w, to + d + 5 * L);
            FloatVector a6 = FloatVector.fromArray(S, w, to + d + 6 * L);
            FloatVector a7 = FloatVector.fromArray(S, w, to + d + 7 * L);
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
                a4 = FloatVector.fromMemorySegment(S, MEMORY, at + 16L * L, ORDER)
                        .fma(pj, a4);
                a5 = FloatVector.fromMemorySegment(S, MEMORY, at + 20L * L, ORDER)
                        .fma(pj, a5);
                a6 = FloatVector.fromMemorySegment(S, MEMORY, at + 24L * L, ORDER)
                        .fma(pj, a6);
                a7 = FloatVector.fromMemorySegment(S, MEMORY, at + 28L * L, ORDER)
                        .fma(pj, a7);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
            a4.intoArray(w, to + d + 4 * L);
            a5.intoArray(w, to + d + 5 * L);
            a6.intoArray(w, to + d + 6 * L);
            a7.intoArray(w, to + d + 7 * L);
        }
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
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
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
        }
        for (; d + L <= width; d += L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            long at = values + 4L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                a0 = FloatVector.fromMemorySegment(S, MEMORY, at, ORDER).fma(pj, a0);
                at += stride;
            }
            a0.intoArray(w, to + d);
        }
    }

    private static void addBfloat16(long values, long stride, int count, int width, float[] w, int p, int to) {
        int d = 0;
        for (; d + 8 * L <= width; d += 8 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a4 = FloatVector.fromArray(S, w, to + d + 4 * L);
            FloatVector a5 = FloatVector.fromArray(S, w, to + d + 5 * L);
            FloatVector a6 = FloatVector.fromArray(S, w, to + d + 6 * L);
            FloatVector a7 = FloatVector.fromArray(S, w, to + d + 7 * L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a0);
                a1 = x0.and(UPPER).reinterpretAsFloats().fma(pj, a1);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
                a2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a2);
                a3 = x1.and(UPPER).reinterpretAsFloats().fma(pj, a3);
                IntVector x2 = IntVector.fromMemorySegment(INTS, MEMORY, at + 8L * L, ORDER);
                a4 = x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a4);
                a5 = x2.and(UPPER).reinterpretAsFloats().fma(pj, a5);
                IntVector x3 = IntVector.fromMemorySegment(INTS, MEMORY, at + 12L * L, ORDER);
                a6 = x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a6);
                a7 = x3.and(UPPER).reinterpretAsFloats().fma(pj, a7);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
            a4.intoArray(w, to + d + 4 * L);
            a5.intoArray(w, to + d + 5 * L);
            a6.intoArray(w, to + d + 6 * L);
            a7.intoArray(w, to + d + 7 * L);
        }
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a0);
                a1 = x0.and(UPPER).reinterpretAsFloats().fma(pj, a1);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
                a2 = x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a2);
                a3 = x1.and(UPPER).reinterpretAsFloats().fma(pj, a3);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
        }
        for (; d + 2 * L <= width; d += 2 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            long at = values + 2L * d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().fma(pj, a0);
                a1 = x0.and(UPPER).reinterpretAsFloats().fma(pj, a1);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
        }
    }

    private static void addInt8(long values, long stride, int count, int width, float[] w, int p, int to) {
        int d = 0;
        for (; d + 8 * L <= width; d += 8 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
            FloatVector a4 = FloatVector.fromArray(S, w, to + d + 4 * L);
            FloatVector a5 = FloatVector.fromArray(S, w, to + d + 5 * L);
            FloatVector a6 = FloatVector.fromArray(S, w, to + d + 6 * L);
            FloatVector a7 = FloatVector.fromArray(S, w, to + d + 7 * L);
            long at = values + d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a0);
                a1 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a1);
                a2 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a2);
                a3 = ((FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(pj, a3);
                IntVector x1 = IntVector.fromMemorySegment(INTS, MEMORY, at + 4L * L, ORDER);
                a4 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a4);
                a5 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a5);
                a6 = ((FloatVector) x1.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a6);
                a7 = ((FloatVector) x1.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(pj, a7);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
            a4.intoArray(w, to + d + 4 * L);
            a5.intoArray(w, to + d + 5 * L);
            a6.intoArray(w, to + d + 6 * L);
            a7.intoArray(w, to + d + 7 * L);
        }
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, to + d);
            FloatVector a1 = FloatVector.fromArray(S, w, to + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, to + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, to + d + 3 * L);
            long at = values + d;
            for (int j = 0; j < count; j++) {
                FloatVector pj = FloatVector.broadcast(S, w[p + j]);
                IntVector x0 = IntVector.fromMemorySegment(INTS, MEMORY, at, ORDER);
                a0 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 24)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a0);
                a1 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 16)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a1);
                a2 = ((FloatVector) x0.lanewise(VectorOperators.LSHL, 8)
                                .lanewise(VectorOperators.ASHR, 24)
                                .convert(VectorOperators.I2F, 0))
                        .fma(pj, a2);
                a3 = ((FloatVector) x0.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0)).fma(pj, a3);
                at += stride;
            }
            a0.intoArray(w, to + d);
            a1.intoArray(w, to + d + L);
            a2.intoArray(w, to + d + 2 * L);
            a3.intoArray(w, to + d + 3 * L);
        }
    }
}
