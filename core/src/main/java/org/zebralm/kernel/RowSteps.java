package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// What several row kernels do to stretches of at most [#FLOATS] floats, a multiple of 16.
final class RowSteps {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    /// The most floats of one call: a loop over vectors takes [Lanes#BLOCK] steps at most.
    static final int FLOATS = Lanes.BLOCK * Lanes.COUNT;

    private RowSteps() {}

    /// Returns the sum of products.
    static float dot(float[] a, int from, float[] b, int other, int count) {
        FloatVector sum0 = FloatVector.zero(S);
        FloatVector sum1 = FloatVector.zero(S);
        int d = 0;
        for (; d + 2 * L <= count; d += 2 * L) {
            sum0 = FloatVector.fromArray(S, a, from + d).fma(FloatVector.fromArray(S, b, other + d), sum0);
            sum1 = FloatVector.fromArray(S, a, from + d + L).fma(FloatVector.fromArray(S, b, other + d + L), sum1);
        }
        for (; d < count; d += L) {
            sum0 = FloatVector.fromArray(S, a, from + d).fma(FloatVector.fromArray(S, b, other + d), sum0);
        }
        return Lanes.sum(sum0.add(sum1));
    }

    /// Returns the largest.
    static float largest(float[] a, int from, int count) {
        FloatVector most = FloatVector.fromArray(S, a, from);
        for (int d = L; d < count; d += L) {
            most = most.max(FloatVector.fromArray(S, a, from + d));
        }
        return most.reduceLanes(VectorOperators.MAX);
    }
}
