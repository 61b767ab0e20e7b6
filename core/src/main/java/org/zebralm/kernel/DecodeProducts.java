package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of one query with a block of keys and values that lie in rows.
final class DecodeProducts {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private DecodeProducts() {}

    /// Puts the dot products of `count` (a multiple of 4) keys with the query into `scores`.
    static void scores(float[] w, int keys, int width, int count, int query, int scores) {
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
            w[scores + key] = c0.reduceLanes(VectorOperators.ADD);
            w[scores + key + 1] = c1.reduceLanes(VectorOperators.ADD);
            w[scores + key + 2] = c2.reduceLanes(VectorOperators.ADD);
            w[scores + key + 3] = c3.reduceLanes(VectorOperators.ADD);
        }
    }

    /// Returns the dot product of two rows.
    static float dot(float[] w, int a, int b, int width) {
        FloatVector sum = FloatVector.zero(S);
        for (int d = 0; d < width; d += L) {
            sum = FloatVector.fromArray(S, w, a + d).fma(FloatVector.fromArray(S, w, b + d), sum);
        }
        return Lanes.sum(sum);
    }

    /// Returns the largest of `count` (a multiple of 16) scores.
    static float largest(float[] w, int scores, int count) {
        FloatVector m = FloatVector.fromArray(S, w, scores);
        for (int a = scores + L; a < scores + count; a += L) {
            m = m.max(FloatVector.fromArray(S, w, a));
        }
        return m.reduceLanes(VectorOperators.MAX);
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
