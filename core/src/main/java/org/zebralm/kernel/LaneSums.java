package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Sums across lanes, of many vectors at once.
///
/// Two vectors are folded into one whose halves hold the sums of either's halves, and so on: eight vectors take
/// seven such steps of two shuffles and an addition, where one at a time would take eight times four. For 16
/// lanes.
final class LaneSums {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final IntVector LOW_2 = Transpose.LOW_2;
    private static final IntVector LOW_4 = Transpose.LOW_4;
    private static final IntVector LOW_8 = Transpose.LOW_8;
    private static final IntVector HIGH_2 = Transpose.HIGH_2;
    private static final IntVector HIGH_4 = Transpose.HIGH_4;
    private static final IntVector HIGH_8 = Transpose.HIGH_8;
    private static final IntVector EVEN = IntVector.fromArray(Lanes.INTS, everySecond(0), 0);
    private static final IntVector ODD = IntVector.fromArray(Lanes.INTS, everySecond(1), 0);

    private LaneSums() {}

    private static int[] everySecond(int first) {
        int[] source = new int[L];
        for (int lane = 0; lane < L; lane++) {
            source[lane] = 2 * lane + first;
        }
        return source;
    }

    /// Puts the sum of each of `count` vectors at `from` into `w[to ..]`, and up to 15 numbers without meaning
    /// behind them. Changes the vectors.
    static void add(float[] w, int from, int count, int to) {
        for (int j = 0; j < count; j += 8) {
            halves(w, from + j * L, from + 2 * j);
        }
        for (int j = 0; j < count; j += L) {
            IntVector a = FloatVector.fromArray(S, w, from + 2 * j).reinterpretAsInts();
            IntVector b = FloatVector.fromArray(S, w, from + 2 * j + L).reinterpretAsInts();
            EVEN.selectFrom(a, b)
                    .reinterpretAsFloats()
                    .add(ODD.selectFrom(a, b).reinterpretAsFloats())
                    .intoArray(w, to + j);
        }
    }

    /// Adds up eight vectors to two halves each, in their order.
    private static void halves(float[] w, int from, int to) {
        IntVector c0 = FloatVector.fromArray(S, w, from).reinterpretAsInts();
        IntVector c1 = FloatVector.fromArray(S, w, from + L).reinterpretAsInts();
        IntVector c2 = FloatVector.fromArray(S, w, from + 2 * L).reinterpretAsInts();
        IntVector c3 = FloatVector.fromArray(S, w, from + 3 * L).reinterpretAsInts();
        IntVector c4 = FloatVector.fromArray(S, w, from + 4 * L).reinterpretAsInts();
        IntVector c5 = FloatVector.fromArray(S, w, from + 5 * L).reinterpretAsInts();
        IntVector c6 = FloatVector.fromArray(S, w, from + 6 * L).reinterpretAsInts();
        IntVector c7 = FloatVector.fromArray(S, w, from + 7 * L).reinterpretAsInts();
        IntVector c04 = LOW_8.selectFrom(c0, c4)
                .reinterpretAsFloats()
                .add(HIGH_8.selectFrom(c0, c4).reinterpretAsFloats())
                .reinterpretAsInts();
        IntVector c15 = LOW_8.selectFrom(c1, c5)
                .reinterpretAsFloats()
                .add(HIGH_8.selectFrom(c1, c5).reinterpretAsFloats())
                .reinterpretAsInts();
        IntVector c26 = LOW_8.selectFrom(c2, c6)
                .reinterpretAsFloats()
                .add(HIGH_8.selectFrom(c2, c6).reinterpretAsFloats())
                .reinterpretAsInts();
        IntVector c37 = LOW_8.selectFrom(c3, c7)
                .reinterpretAsFloats()
                .add(HIGH_8.selectFrom(c3, c7).reinterpretAsFloats())
                .reinterpretAsInts();
        IntVector evens = LOW_4.selectFrom(c04, c26)
                .reinterpretAsFloats()
                .add(HIGH_4.selectFrom(c04, c26).reinterpretAsFloats())
                .reinterpretAsInts();
        IntVector odds = LOW_4.selectFrom(c15, c37)
                .reinterpretAsFloats()
                .add(HIGH_4.selectFrom(c15, c37).reinterpretAsFloats())
                .reinterpretAsInts();
        LOW_2.selectFrom(evens, odds)
                .reinterpretAsFloats()
                .add(HIGH_2.selectFrom(evens, odds).reinterpretAsFloats())
                .intoArray(w, to);
    }
}
