package org.zebralm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The softmax of one query's scores of a strip of keys, 64 of which lie together: the next 64 are `apart` floats
/// behind.
///
/// Scores are in units of log 2, see [TileSoftmax], whose power is repeated here for the reason given in
/// [RegisterTile].
final class StripSoftmax {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final int BLOCK = Lanes.BLOCK;

    private StripSoftmax() {}

    /// Sets the scores of keys `[from, to)`.
    static void fill(float[] w, int scores, int apart, int from, int to, float value) {
        int end;
        for (int j = from; j < to; j = end) {
            end = Math.min(to, (j / BLOCK + 1) * BLOCK);
            int at = scores + j / BLOCK * apart + j % BLOCK;
            Arrays.fill(w, at, at + end - j, value);
        }
    }

    /// Multiplies scores by the `factors` of their keys.
    static void multiply(float[] w, int scores, int factors, int vectors) {
        for (int i = 0; i < vectors * L; i += L) {
            FloatVector.fromArray(S, w, scores + i)
                    .mul(FloatVector.fromArray(S, w, factors + i))
                    .intoArray(w, scores + i);
        }
    }

    /// Returns the largest of `count` scores, a multiple of 16.
    static float largest(float[] w, int scores, int apart, int count) {
        FloatVector m = FloatVector.broadcast(S, TileSoftmax.HIDDEN);
        for (int j = 0; j < count; j += BLOCK) {
            int from = scores + j / BLOCK * apart;
            int end = from + Math.min(BLOCK, count - j);
            for (int a = from; a < end; a += L) {
                m = m.max(FloatVector.fromArray(S, w, a));
            }
        }
        return m.reduceLanes(VectorOperators.MAX);
    }

    /// Turns `count` scores, a multiple of 16, into `2^(score - maximum)` and returns their sum.
    static float exponentials(float[] w, int scores, int apart, int count, float maximum) {
        FloatVector sum = FloatVector.zero(S);
        for (int j = 0; j < count; j += BLOCK) {
            int from = scores + j / BLOCK * apart;
            int end = from + Math.min(BLOCK, count - j);
            for (int a = from; a < end; a += L) {
                FloatVector x = FloatVector.fromArray(S, w, a).sub(maximum).max(TileSoftmax.LEAST);
                FloatVector whole = x.add(TileSoftmax.ROUND);
                FloatVector part = x.sub(whole.sub(TileSoftmax.ROUND));
                FloatVector power = TileSoftmax.E5
                        .fma(part, TileSoftmax.E4)
                        .fma(part, TileSoftmax.E3)
                        .fma(part, TileSoftmax.E2)
                        .fma(part, TileSoftmax.E1)
                        .fma(part, TileSoftmax.E0);
                power = power.reinterpretAsInts()
                        .add(whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                        .reinterpretAsFloats();
                power.intoArray(w, a);
                sum = sum.add(power);
            }
        }
        return Lanes.sum(sum);
    }
}
