package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/// Sums across the lanes of vectors of 16, eight vectors at once.
///
/// Two vectors are folded into one whose halves hold the sums of either's halves, and so on: seven such steps of a
/// blend, a shuffle and an addition take the place of eight sums of four steps each. Vectors of 8 lanes, since
/// shuffles of 16 take twice as long; the first halving is a load of either half.
final class LaneSums {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_256;
    private static final VectorMask<Float> UPPER_4 = upper(4);
    private static final VectorMask<Float> UPPER_2 = upper(2);
    private static final VectorMask<Float> UPPER_1 = upper(1);
    private static final IntVector ACROSS_4 = across(4);
    private static final IntVector ACROSS_2 = across(2);
    private static final IntVector ACROSS_1 = across(1);

    private LaneSums() {}

    /// The lanes whose number has a bit: they come from the second vector.
    private static VectorMask<Float> upper(int bit) {
        boolean[] lanes = new boolean[8];
        for (int lane = 0; lane < 8; lane++) {
            lanes[lane] = (lane & bit) != 0;
        }
        return VectorMask.fromArray(S, lanes, 0);
    }

    /// For each lane its partner in the same vector: lanes of the second are numbered from 8 on.
    private static IntVector across(int bit) {
        int[] source = new int[8];
        for (int lane = 0; lane < 8; lane++) {
            source[lane] = (lane & bit) == 0 ? lane + bit : 8 + lane - bit;
        }
        return IntVector.fromArray(IntVector.SPECIES_256, source, 0);
    }

    /// Puts the sum of each of `count` vectors at `from` into `w[to ..]`, and up to 7 numbers without meaning
    /// behind them.
    static void add(float[] w, int from, int count, int to) {
        for (int j = 0; j < count; j += 8) {
            addEight(w, from + 16 * j, to + j);
        }
    }

    private static void addEight(float[] w, int from, int to) {
        FloatVector c0 = FloatVector.fromArray(S, w, from).add(FloatVector.fromArray(S, w, from + 8));
        FloatVector c1 = FloatVector.fromArray(S, w, from + 16).add(FloatVector.fromArray(S, w, from + 24));
        FloatVector c2 = FloatVector.fromArray(S, w, from + 32).add(FloatVector.fromArray(S, w, from + 40));
        FloatVector c3 = FloatVector.fromArray(S, w, from + 48).add(FloatVector.fromArray(S, w, from + 56));
        FloatVector c4 = FloatVector.fromArray(S, w, from + 64).add(FloatVector.fromArray(S, w, from + 72));
        FloatVector c5 = FloatVector.fromArray(S, w, from + 80).add(FloatVector.fromArray(S, w, from + 88));
        FloatVector c6 = FloatVector.fromArray(S, w, from + 96).add(FloatVector.fromArray(S, w, from + 104));
        FloatVector c7 = FloatVector.fromArray(S, w, from + 112).add(FloatVector.fromArray(S, w, from + 120));
        FloatVector c04 = c0.blend(c4, UPPER_4)
                .add(ACROSS_4.selectFrom(c0.reinterpretAsInts(), c4.reinterpretAsInts())
                        .reinterpretAsFloats());
        FloatVector c15 = c1.blend(c5, UPPER_4)
                .add(ACROSS_4.selectFrom(c1.reinterpretAsInts(), c5.reinterpretAsInts())
                        .reinterpretAsFloats());
        FloatVector c26 = c2.blend(c6, UPPER_4)
                .add(ACROSS_4.selectFrom(c2.reinterpretAsInts(), c6.reinterpretAsInts())
                        .reinterpretAsFloats());
        FloatVector c37 = c3.blend(c7, UPPER_4)
                .add(ACROSS_4.selectFrom(c3.reinterpretAsInts(), c7.reinterpretAsInts())
                        .reinterpretAsFloats());
        FloatVector evens = c04.blend(c26, UPPER_2)
                .add(ACROSS_2.selectFrom(c04.reinterpretAsInts(), c26.reinterpretAsInts())
                        .reinterpretAsFloats());
        FloatVector odds = c15.blend(c37, UPPER_2)
                .add(ACROSS_2.selectFrom(c15.reinterpretAsInts(), c37.reinterpretAsInts())
                        .reinterpretAsFloats());
        evens.blend(odds, UPPER_1)
                .add(ACROSS_1.selectFrom(evens.reinterpretAsInts(), odds.reinterpretAsInts())
                        .reinterpretAsFloats())
                .intoArray(w, to);
    }
}
