package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Transposes between rows `[64, width]` and lanes `[width, 64]`, multiplying on the way.
///
/// With 16 lanes a square of 16 x 16 goes through registers in four rounds of two-source shuffles; it is
/// written out for the reason given in [RegisterTile]. Narrower machines copy element by element, which costs
/// them about 5% of a window of 512.
final class Transpose {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final boolean WIDE = Lanes.COUNT == 16;
    static final IntVector LOW_1 = low(1);
    static final IntVector LOW_2 = low(2);
    static final IntVector LOW_4 = low(4);
    static final IntVector LOW_8 = low(8);
    static final IntVector HIGH_1 = high(1);
    static final IntVector HIGH_2 = high(2);
    static final IntVector HIGH_4 = high(4);
    static final IntVector HIGH_8 = high(8);

    private Transpose() {}

    /// Rows at `rows`, `width` apart, become `width` rows of 64 lanes at `lanes`, multiplied by the (16 equal)
    /// `w[factors ..]`.
    static void toLanes(float[] w, int rows, int width, int lanes, int factors) {
        for (int d = 0; d < width; d += 16) {
            for (int i = 0; i < 64; i += 16) {
                if (WIDE) {
                    square(w, rows + i * width + d, width, lanes + d * 64 + i, 64, factors);
                } else {
                    plainSquare(w, rows + i * width + d, width, lanes + d * 64 + i, 64, w[factors]);
                }
            }
        }
    }

    /// `width` rows of 64 lanes at `lanes` become rows at `rows`, lane `i` multiplied by `w[factors + i]`.
    static void toRows(float[] w, int lanes, int width, int rows, int factors) {
        for (int i = 0; i < 64; i += 16) {
            for (int d = 0; d < width; d += 16) {
                if (WIDE) {
                    square(w, lanes + d * 64 + i, 64, rows + i * width + d, width, factors + i);
                } else {
                    for (int x = 0; x < 16; x++) {
                        for (int y = 0; y < 16; y++) {
                            w[rows + (i + x) * width + d + y] = w[lanes + (d + y) * 64 + i + x] * w[factors + i + x];
                        }
                    }
                }
            }
        }
    }

    private static void plainSquare(float[] w, int from, int fromRow, int to, int toRow, float factor) {
        for (int x = 0; x < 16; x++) {
            for (int y = 0; y < 16; y++) {
                w[to + y * toRow + x] = w[from + x * fromRow + y] * factor;
            }
        }
    }

    private static IntVector low(int bit) {
        int[] source = new int[Lanes.COUNT];
        for (int lane = 0; lane < source.length; lane++) {
            source[lane] = (lane & bit) == 0 ? lane : source.length + lane - bit;
        }
        return IntVector.fromArray(Lanes.INTS, source, 0);
    }

    private static IntVector high(int bit) {
        int[] source = new int[Lanes.COUNT];
        for (int lane = 0; lane < source.length; lane++) {
            source[lane] = (lane & bit) == 0 ? (lane + bit) % source.length : source.length + lane;
        }
        return IntVector.fromArray(Lanes.INTS, source, 0);
    }

    /// Transposes a square of 16 x 16, on machines of 16 lanes: rows at `from` become columns at `to`, element `i` of
    /// each row multiplied by `w[factors + i]`.
    static void square(float[] w, int from, int fromRow, int to, int toRow, int factors) {
        FloatVector factor = FloatVector.fromArray(S, w, factors);
        IntVector a0 = FloatVector.fromArray(S, w, from).mul(factor).reinterpretAsInts();
        IntVector a1 = FloatVector.fromArray(S, w, from + fromRow).mul(factor).reinterpretAsInts();
        IntVector a2 =
                FloatVector.fromArray(S, w, from + 2 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a3 =
                FloatVector.fromArray(S, w, from + 3 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a4 =
                FloatVector.fromArray(S, w, from + 4 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a5 =
                FloatVector.fromArray(S, w, from + 5 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a6 =
                FloatVector.fromArray(S, w, from + 6 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a7 =
                FloatVector.fromArray(S, w, from + 7 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a8 =
                FloatVector.fromArray(S, w, from + 8 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a9 =
                FloatVector.fromArray(S, w, from + 9 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a10 =
                FloatVector.fromArray(S, w, from + 10 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a11 =
                FloatVector.fromArray(S, w, from + 11 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a12 =
                FloatVector.fromArray(S, w, from + 12 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a13 =
                FloatVector.fromArray(S, w, from + 13 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a14 =
                FloatVector.fromArray(S, w, from + 14 * fromRow).mul(factor).reinterpretAsInts();
        IntVector a15 =
                FloatVector.fromArray(S, w, from + 15 * fromRow).mul(factor).reinterpretAsInts();
        IntVector b0 = LOW_1.selectFrom(a0, a1);
        IntVector b1 = HIGH_1.selectFrom(a0, a1);
        IntVector b2 = LOW_1.selectFrom(a2, a3);
        IntVector b3 = HIGH_1.selectFrom(a2, a3);
        IntVector b4 = LOW_1.selectFrom(a4, a5);
        IntVector b5 = HIGH_1.selectFrom(a4, a5);
        IntVector b6 = LOW_1.selectFrom(a6, a7);
        IntVector b7 = HIGH_1.selectFrom(a6, a7);
        IntVector b8 = LOW_1.selectFrom(a8, a9);
        IntVector b9 = HIGH_1.selectFrom(a8, a9);
        IntVector b10 = LOW_1.selectFrom(a10, a11);
        IntVector b11 = HIGH_1.selectFrom(a10, a11);
        IntVector b12 = LOW_1.selectFrom(a12, a13);
        IntVector b13 = HIGH_1.selectFrom(a12, a13);
        IntVector b14 = LOW_1.selectFrom(a14, a15);
        IntVector b15 = HIGH_1.selectFrom(a14, a15);
        IntVector c0 = LOW_2.selectFrom(b0, b2);
        IntVector c2 = HIGH_2.selectFrom(b0, b2);
        IntVector c1 = LOW_2.selectFrom(b1, b3);
        IntVector c3 = HIGH_2.selectFrom(b1, b3);
        IntVector c4 = LOW_2.selectFrom(b4, b6);
        IntVector c6 = HIGH_2.selectFrom(b4, b6);
        IntVector c5 = LOW_2.selectFrom(b5, b7);
        IntVector c7 = HIGH_2.selectFrom(b5, b7);
        IntVector c8 = LOW_2.selectFrom(b8, b10);
        IntVector c10 = HIGH_2.selectFrom(b8, b10);
        IntVector c9 = LOW_2.selectFrom(b9, b11);
        IntVector c11 = HIGH_2.selectFrom(b9, b11);
        IntVector c12 = LOW_2.selectFrom(b12, b14);
        IntVector c14 = HIGH_2.selectFrom(b12, b14);
        IntVector c13 = LOW_2.selectFrom(b13, b15);
        IntVector c15 = HIGH_2.selectFrom(b13, b15);
        IntVector d0 = LOW_4.selectFrom(c0, c4);
        IntVector d4 = HIGH_4.selectFrom(c0, c4);
        IntVector d1 = LOW_4.selectFrom(c1, c5);
        IntVector d5 = HIGH_4.selectFrom(c1, c5);
        IntVector d2 = LOW_4.selectFrom(c2, c6);
        IntVector d6 = HIGH_4.selectFrom(c2, c6);
        IntVector d3 = LOW_4.selectFrom(c3, c7);
        IntVector d7 = HIGH_4.selectFrom(c3, c7);
        IntVector d8 = LOW_4.selectFrom(c8, c12);
        IntVector d12 = HIGH_4.selectFrom(c8, c12);
        IntVector d9 = LOW_4.selectFrom(c9, c13);
        IntVector d13 = HIGH_4.selectFrom(c9, c13);
        IntVector d10 = LOW_4.selectFrom(c10, c14);
        IntVector d14 = HIGH_4.selectFrom(c10, c14);
        IntVector d11 = LOW_4.selectFrom(c11, c15);
        IntVector d15 = HIGH_4.selectFrom(c11, c15);
        IntVector e0 = LOW_8.selectFrom(d0, d8);
        IntVector e8 = HIGH_8.selectFrom(d0, d8);
        IntVector e1 = LOW_8.selectFrom(d1, d9);
        IntVector e9 = HIGH_8.selectFrom(d1, d9);
        IntVector e2 = LOW_8.selectFrom(d2, d10);
        IntVector e10 = HIGH_8.selectFrom(d2, d10);
        IntVector e3 = LOW_8.selectFrom(d3, d11);
        IntVector e11 = HIGH_8.selectFrom(d3, d11);
        IntVector e4 = LOW_8.selectFrom(d4, d12);
        IntVector e12 = HIGH_8.selectFrom(d4, d12);
        IntVector e5 = LOW_8.selectFrom(d5, d13);
        IntVector e13 = HIGH_8.selectFrom(d5, d13);
        IntVector e6 = LOW_8.selectFrom(d6, d14);
        IntVector e14 = HIGH_8.selectFrom(d6, d14);
        IntVector e7 = LOW_8.selectFrom(d7, d15);
        IntVector e15 = HIGH_8.selectFrom(d7, d15);
        e0.reinterpretAsFloats().intoArray(w, to);
        e1.reinterpretAsFloats().intoArray(w, to + toRow);
        e2.reinterpretAsFloats().intoArray(w, to + 2 * toRow);
        e3.reinterpretAsFloats().intoArray(w, to + 3 * toRow);
        e4.reinterpretAsFloats().intoArray(w, to + 4 * toRow);
        e5.reinterpretAsFloats().intoArray(w, to + 5 * toRow);
        e6.reinterpretAsFloats().intoArray(w, to + 6 * toRow);
        e7.reinterpretAsFloats().intoArray(w, to + 7 * toRow);
        e8.reinterpretAsFloats().intoArray(w, to + 8 * toRow);
        e9.reinterpretAsFloats().intoArray(w, to + 9 * toRow);
        e10.reinterpretAsFloats().intoArray(w, to + 10 * toRow);
        e11.reinterpretAsFloats().intoArray(w, to + 11 * toRow);
        e12.reinterpretAsFloats().intoArray(w, to + 12 * toRow);
        e13.reinterpretAsFloats().intoArray(w, to + 13 * toRow);
        e14.reinterpretAsFloats().intoArray(w, to + 14 * toRow);
        e15.reinterpretAsFloats().intoArray(w, to + 15 * toRow);
    }
}
