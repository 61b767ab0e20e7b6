package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of one query with a block of keys and values that lie in rows.
final class DecodeProducts {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final VectorMask<Float> LOWER = S.indexInRange(0, 8);
    private static final VectorMask<Float> UPPER = LOWER.not();

    private DecodeProducts() {}

    /// Puts the dot products of `count` (a multiple of 4) keys with a query into `halves`, two floats each that
    /// [DecodeStream#fold] adds.
    static void scores(float[] w, int keys, int width, int count, int query, int halves) {
        for (int key = 0; key < count; key += 4) {
            int a0 = keys + key * width;
            int a1 = a0 + width;
            int a2 = a1 + width;
            int a3 = a2 + width;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            int d = 0;
            for (; d + 4 * L <= width; d += 4 * L) {
                FloatVector q0 = FloatVector.fromArray(S, w, query + d);
                FloatVector q1 = FloatVector.fromArray(S, w, query + d + L);
                FloatVector q2 = FloatVector.fromArray(S, w, query + d + 2 * L);
                FloatVector q3 = FloatVector.fromArray(S, w, query + d + 3 * L);
                c0 = q0.fma(FloatVector.fromArray(S, w, a0 + d), c0);
                c1 = q0.fma(FloatVector.fromArray(S, w, a1 + d), c1);
                c2 = q0.fma(FloatVector.fromArray(S, w, a2 + d), c2);
                c3 = q0.fma(FloatVector.fromArray(S, w, a3 + d), c3);
                c0 = q1.fma(FloatVector.fromArray(S, w, a0 + d + L), c0);
                c1 = q1.fma(FloatVector.fromArray(S, w, a1 + d + L), c1);
                c2 = q1.fma(FloatVector.fromArray(S, w, a2 + d + L), c2);
                c3 = q1.fma(FloatVector.fromArray(S, w, a3 + d + L), c3);
                c0 = q2.fma(FloatVector.fromArray(S, w, a0 + d + 2 * L), c0);
                c1 = q2.fma(FloatVector.fromArray(S, w, a1 + d + 2 * L), c1);
                c2 = q2.fma(FloatVector.fromArray(S, w, a2 + d + 2 * L), c2);
                c3 = q2.fma(FloatVector.fromArray(S, w, a3 + d + 2 * L), c3);
                c0 = q3.fma(FloatVector.fromArray(S, w, a0 + d + 3 * L), c0);
                c1 = q3.fma(FloatVector.fromArray(S, w, a1 + d + 3 * L), c1);
                c2 = q3.fma(FloatVector.fromArray(S, w, a2 + d + 3 * L), c2);
                c3 = q3.fma(FloatVector.fromArray(S, w, a3 + d + 3 * L), c3);
            }
            for (; d < width; d += L) {
                FloatVector q = FloatVector.fromArray(S, w, query + d);
                c0 = q.fma(FloatVector.fromArray(S, w, a0 + d), c0);
                c1 = q.fma(FloatVector.fromArray(S, w, a1 + d), c1);
                c2 = q.fma(FloatVector.fromArray(S, w, a2 + d), c2);
                c3 = q.fma(FloatVector.fromArray(S, w, a3 + d), c3);
            }
            w[halves + 2 * key] = c0.reduceLanes(VectorOperators.ADD);
            w[halves + 2 * key + 1] = 0;
            w[halves + 2 * key + 2] = c1.reduceLanes(VectorOperators.ADD);
            w[halves + 2 * key + 3] = 0;
            w[halves + 2 * key + 4] = c2.reduceLanes(VectorOperators.ADD);
            w[halves + 2 * key + 5] = 0;
            w[halves + 2 * key + 6] = c3.reduceLanes(VectorOperators.ADD);
            w[halves + 2 * key + 7] = 0;
        }
    }

    /// Does as [#scores] for two queries at once, so that a key is loaded once for both.
    static void scores(float[] w, int keys, int width, int count, int query0, int query1, int halves0, int halves1) {
        for (int key = 0; key < count; key += 4) {
            int k0 = keys + key * width;
            int k1 = k0 + width;
            int k2 = k1 + width;
            int k3 = k2 + width;
            FloatVector c0 = FloatVector.zero(S);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = FloatVector.zero(S);
            FloatVector c3 = FloatVector.zero(S);
            FloatVector c4 = FloatVector.zero(S);
            FloatVector c5 = FloatVector.zero(S);
            FloatVector c6 = FloatVector.zero(S);
            FloatVector c7 = FloatVector.zero(S);
            for (int d = 0; d < width; d += L) {
                FloatVector p = FloatVector.fromArray(S, w, query0 + d);
                FloatVector q = FloatVector.fromArray(S, w, query1 + d);
                FloatVector x0 = FloatVector.fromArray(S, w, k0 + d);
                c0 = x0.fma(p, c0);
                c4 = x0.fma(q, c4);
                FloatVector x1 = FloatVector.fromArray(S, w, k1 + d);
                c1 = x1.fma(p, c1);
                c5 = x1.fma(q, c5);
                FloatVector x2 = FloatVector.fromArray(S, w, k2 + d);
                c2 = x2.fma(p, c2);
                c6 = x2.fma(q, c6);
                FloatVector x3 = FloatVector.fromArray(S, w, k3 + d);
                c3 = x3.fma(p, c3);
                c7 = x3.fma(q, c7);
            }
            if (L == 16) {
                FloatVector c04 = Transpose.LOW_8
                        .selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_8
                                .selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector c15 = Transpose.LOW_8
                        .selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_8
                                .selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector c26 = Transpose.LOW_8
                        .selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_8
                                .selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector c37 = Transpose.LOW_8
                        .selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_8
                                .selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector evens = Transpose.LOW_4
                        .selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_4
                                .selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector odds = Transpose.LOW_4
                        .selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_4
                                .selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                                .reinterpretAsFloats());
                FloatVector pairs = Transpose.LOW_2
                        .selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                        .reinterpretAsFloats()
                        .add(Transpose.HIGH_2
                                .selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                                .reinterpretAsFloats());
                pairs.intoArray(w, halves0 + 2 * key, LOWER);
                pairs.intoArray(w, halves1 + 2 * key - 8, UPPER);
            } else {
                w[halves0 + 2 * key] = c0.reduceLanes(VectorOperators.ADD);
                w[halves0 + 2 * key + 1] = 0;
                w[halves0 + 2 * key + 2] = c1.reduceLanes(VectorOperators.ADD);
                w[halves0 + 2 * key + 3] = 0;
                w[halves0 + 2 * key + 4] = c2.reduceLanes(VectorOperators.ADD);
                w[halves0 + 2 * key + 5] = 0;
                w[halves0 + 2 * key + 6] = c3.reduceLanes(VectorOperators.ADD);
                w[halves0 + 2 * key + 7] = 0;
                w[halves1 + 2 * key] = c4.reduceLanes(VectorOperators.ADD);
                w[halves1 + 2 * key + 1] = 0;
                w[halves1 + 2 * key + 2] = c5.reduceLanes(VectorOperators.ADD);
                w[halves1 + 2 * key + 3] = 0;
                w[halves1 + 2 * key + 4] = c6.reduceLanes(VectorOperators.ADD);
                w[halves1 + 2 * key + 5] = 0;
                w[halves1 + 2 * key + 6] = c7.reduceLanes(VectorOperators.ADD);
                w[halves1 + 2 * key + 7] = 0;
            }
        }
    }

    /// Returns the dot product of two rows.
    static float dot(float[] w, int a, int b, int width) {
        FloatVector sum = FloatVector.zero(S);
        for (int d = 0; d < width; d += L) {
            sum = FloatVector.fromArray(S, w, a + d).fma(FloatVector.fromArray(S, w, b + d), sum);
        }
        return sum.reduceLanes(VectorOperators.ADD);
    }

    /// Returns the largest of `count` (a multiple of 16) scores.
    static float largest(float[] w, int scores, int count) {
        FloatVector m = FloatVector.fromArray(S, w, scores);
        for (int a = scores + L; a < scores + count; a += L) {
            m = m.max(FloatVector.fromArray(S, w, a));
        }
        return m.reduceLanes(VectorOperators.MAX);
    }

    /// Does as [#addValues] for two queries at once.
    static void addValues(float[] w, int values, int width, int count, int p0, int p1, int output0, int output1) {
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output0 + d);
            FloatVector a1 = FloatVector.fromArray(S, w, output0 + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, output0 + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, output0 + d + 3 * L);
            FloatVector b0 = FloatVector.fromArray(S, w, output1 + d);
            FloatVector b1 = FloatVector.fromArray(S, w, output1 + d + L);
            FloatVector b2 = FloatVector.fromArray(S, w, output1 + d + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, w, output1 + d + 3 * L);
            int at = values + d;
            for (int key = 0; key < count; key++) {
                FloatVector p = FloatVector.broadcast(S, w[p0 + key]);
                FloatVector r = FloatVector.broadcast(S, w[p1 + key]);
                FloatVector x0 = FloatVector.fromArray(S, w, at);
                a0 = x0.fma(p, a0);
                b0 = x0.fma(r, b0);
                FloatVector x1 = FloatVector.fromArray(S, w, at + L);
                a1 = x1.fma(p, a1);
                b1 = x1.fma(r, b1);
                FloatVector x2 = FloatVector.fromArray(S, w, at + 2 * L);
                a2 = x2.fma(p, a2);
                b2 = x2.fma(r, b2);
                FloatVector x3 = FloatVector.fromArray(S, w, at + 3 * L);
                a3 = x3.fma(p, a3);
                b3 = x3.fma(r, b3);
                at += width;
            }
            a0.intoArray(w, output0 + d);
            a1.intoArray(w, output0 + d + L);
            a2.intoArray(w, output0 + d + 2 * L);
            a3.intoArray(w, output0 + d + 3 * L);
            b0.intoArray(w, output1 + d);
            b1.intoArray(w, output1 + d + L);
            b2.intoArray(w, output1 + d + 2 * L);
            b3.intoArray(w, output1 + d + 3 * L);
        }
        for (; d < width; d += L) {
            FloatVector a = FloatVector.fromArray(S, w, output0 + d);
            FloatVector b = FloatVector.fromArray(S, w, output1 + d);
            int at = values + d;
            for (int key = 0; key < count; key++) {
                FloatVector x = FloatVector.fromArray(S, w, at);
                a = x.fma(FloatVector.broadcast(S, w[p0 + key]), a);
                b = x.fma(FloatVector.broadcast(S, w[p1 + key]), b);
                at += width;
            }
            a.intoArray(w, output0 + d);
            b.intoArray(w, output1 + d);
        }
    }

    /// Adds the values, each times its probability, to `output`.
    static void addValues(float[] w, int values, int width, int count, int probabilities, int output) {
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            FloatVector a1 = FloatVector.fromArray(S, w, output + d + L);
            FloatVector a2 = FloatVector.fromArray(S, w, output + d + 2 * L);
            FloatVector a3 = FloatVector.fromArray(S, w, output + d + 3 * L);
            FloatVector b0 = FloatVector.zero(S);
            FloatVector b1 = FloatVector.zero(S);
            FloatVector b2 = FloatVector.zero(S);
            FloatVector b3 = FloatVector.zero(S);
            int a = values + d;
            // Two keys at a time into sums of their own: one chain of additions would wait for each other.
            int key = 0;
            for (; key + 2 <= count; key += 2) {
                FloatVector p = FloatVector.broadcast(S, w[probabilities + key]);
                a0 = p.fma(FloatVector.fromArray(S, w, a), a0);
                a1 = p.fma(FloatVector.fromArray(S, w, a + L), a1);
                a2 = p.fma(FloatVector.fromArray(S, w, a + 2 * L), a2);
                a3 = p.fma(FloatVector.fromArray(S, w, a + 3 * L), a3);
                a += width;
                FloatVector r = FloatVector.broadcast(S, w[probabilities + key + 1]);
                b0 = r.fma(FloatVector.fromArray(S, w, a), b0);
                b1 = r.fma(FloatVector.fromArray(S, w, a + L), b1);
                b2 = r.fma(FloatVector.fromArray(S, w, a + 2 * L), b2);
                b3 = r.fma(FloatVector.fromArray(S, w, a + 3 * L), b3);
                a += width;
            }
            if (key < count) {
                FloatVector p = FloatVector.broadcast(S, w[probabilities + key]);
                a0 = p.fma(FloatVector.fromArray(S, w, a), a0);
                a1 = p.fma(FloatVector.fromArray(S, w, a + L), a1);
                a2 = p.fma(FloatVector.fromArray(S, w, a + 2 * L), a2);
                a3 = p.fma(FloatVector.fromArray(S, w, a + 3 * L), a3);
            }
            a0.add(b0).intoArray(w, output + d);
            a1.add(b1).intoArray(w, output + d + L);
            a2.add(b2).intoArray(w, output + d + 2 * L);
            a3.add(b3).intoArray(w, output + d + 3 * L);
        }
        for (; d < width; d += L) {
            FloatVector a0 = FloatVector.fromArray(S, w, output + d);
            int a = values + d;
            for (int key = 0; key < count; key++) {
                a0 = FloatVector.fromArray(S, w, a).fma(FloatVector.broadcast(S, w[probabilities + key]), a0);
                a += width;
            }
            a0.intoArray(w, output + d);
        }
    }
}
