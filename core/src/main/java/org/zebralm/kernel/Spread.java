package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// What the scales of [Int4Layout] need: spread over lanes, and multiplied with four sums.
final class Spread {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private Spread() {}

    /// Writes 16 floats: the first `each` of them are `w[from]`, the next `w[from + 1]`, and so on.
    static void lanes(float[] w, int from, int each, int to) {
        if (each == 1) {
            for (int lane = 0; lane < 16; lane += L) {
                FloatVector.fromArray(S, w, from + lane).intoArray(w, to + lane);
            }
            return;
        }
        for (int lane = 0; lane < 16; lane++) {
            w[to + lane] = w[from + lane / each];
        }
    }

    /// Adds to `L` lanes of each of four sums, 16 floats apart, the lanes at `a` times those at `b`.
    static void addTimes(float[] w, int a, int b, int sums) {
        for (int i = 0; i < 4 * 16; i += 16) {
            FloatVector.fromArray(S, w, a + i)
                    .fma(FloatVector.fromArray(S, w, b + i), FloatVector.fromArray(S, w, sums + i))
                    .intoArray(w, sums + i);
        }
    }

    /// Copies `L` floats to each of four sums, 16 floats apart.
    static void repeat(float[] from, int at, float[] w, int sums) {
        FloatVector v = FloatVector.fromArray(S, from, at);
        for (int i = 0; i < 4 * 16; i += 16) {
            v.intoArray(w, sums + i);
        }
    }
}
