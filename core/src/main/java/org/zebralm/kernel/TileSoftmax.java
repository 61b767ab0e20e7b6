package org.zebralm.kernel;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The softmax of a tile and its gradient, lane by lane, over the squares that are visible.
///
/// Scores are in units of log 2 (the factor is folded into the queries), so that the exponential is a power of
/// two: rounding by adding 1.5 * 2^23, a polynomial of degree 5 on [-0.5, 0.5] with a relative error of 2.1e-7
/// (measured), and the exponent added as an integer. It is repeated rather than called: see [RegisterTile].
final class TileSoftmax {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final int GROUP = Lanes.GROUP;

    /// A score that is not to be attended to: far below any real one, and without infinity's NaNs.
    static final float HIDDEN = -1e30f;

    /// Powers below are not distinguished: 2^-125 is the last safe step above the denormal numbers, which are
    /// slow.
    static final float LEAST = -125;

    /// How far a maximum may grow before the sums are scaled anew: probabilities stay below 2^8.
    private static final float SLACK = 8;

    static final float ROUND = 12582912; // 1.5 * 2^23
    static final FloatVector E5 = FloatVector.broadcast(S, 0.0013276467f);
    static final FloatVector E4 = FloatVector.broadcast(S, 0.009675541f);
    static final FloatVector E3 = FloatVector.broadcast(S, 0.055507135f);
    static final FloatVector E2 = FloatVector.broadcast(S, 0.2402212f);
    static final FloatVector E1 = FloatVector.broadcast(S, 0.69314694f);
    static final FloatVector E0 = FloatVector.broadcast(S, 1.0000001f);

    private TileSoftmax() {}

    /// Sets what lanes do not see of partly visible squares; `key` is the tile's first, `bounds` 128 floats of
    /// scratch.
    static void mask(
            float[] w,
            int tile,
            Visibility visible,
            int key,
            int[] first,
            int[] last,
            int at,
            int bounds,
            float value) {
        if ((visible.masked[0] | visible.masked[1] | visible.masked[2] | visible.masked[3]) == 0) {
            return;
        }
        for (int lane = 0; lane < Lanes.BLOCK; lane++) {
            w[bounds + lane] = Math.max(first[at + lane] - key, -1);
            w[bounds + 64 + lane] = Math.min(last[at + lane] - key, 64);
        }
        for (int g = 0; g < 4; g++) {
            for (int v = 0, bits = visible.masked[g]; bits != 0; v++, bits >>>= 1) {
                if ((bits & 1) != 0) {
                    FloatVector from = FloatVector.fromArray(S, w, bounds + v * L);
                    FloatVector to = FloatVector.fromArray(S, w, bounds + 64 + v * L);
                    int square = tile + v * L;
                    for (int j = g * GROUP; j < g * GROUP + GROUP; j++) {
                        VectorMask<Float> hidden = from.compare(VectorOperators.GT, (float) j)
                                .or(to.compare(VectorOperators.LT, (float) j));
                        FloatVector.fromArray(S, w, square + j * 64)
                                .blend(value, hidden)
                                .intoArray(w, square + j * 64);
                    }
                }
            }
        }
    }

    /// Puts each lane's largest score into `largest`, and returns whether one outgrew the lane's `maximum` by
    /// far.
    static boolean maxima(float[] w, int tile, Visibility visible, int maximum, int largest) {
        boolean outgrown = false;
        for (int v = 0; v < visible.vectors; v++) {
            int column = v * L;
            int end = tile + column + visible.toGroup[v] * GROUP * 64;
            FloatVector m0 = FloatVector.broadcast(S, HIDDEN);
            FloatVector m1 = m0;
            FloatVector m2 = m0;
            FloatVector m3 = m0;
            for (int a = tile + column + visible.fromGroup[v] * GROUP * 64; a < end; a += 256) {
                m0 = m0.max(FloatVector.fromArray(S, w, a));
                m1 = m1.max(FloatVector.fromArray(S, w, a + 64));
                m2 = m2.max(FloatVector.fromArray(S, w, a + 128));
                m3 = m3.max(FloatVector.fromArray(S, w, a + 192));
            }
            m0 = m0.max(m1).max(m2.max(m3));
            m0.intoArray(w, largest + column);
            outgrown |= m0.compare(
                            VectorOperators.GT,
                            FloatVector.fromArray(S, w, maximum + column).add(SLACK))
                    .anyTrue();
        }
        return outgrown;
    }

    /// Raises each lane's `maximum` to `largest`, scaling its `sum` and its `width` outputs to match.
    static void rescale(float[] w, int vectors, int outputs, int width, int sum, int largest, int maximum) {
        for (int column = 0; column < vectors * L; column += L) {
            FloatVector old = FloatVector.fromArray(S, w, maximum + column);
            FloatVector raised = old.max(FloatVector.fromArray(S, w, largest + column));
            raised.intoArray(w, maximum + column);
            FloatVector x = old.sub(raised).max(LEAST);
            FloatVector xWhole = x.add(ROUND);
            FloatVector xPart = x.sub(xWhole.sub(ROUND));
            FloatVector xPower = E5.fma(xPart, E4)
                    .fma(xPart, E3)
                    .fma(xPart, E2)
                    .fma(xPart, E1)
                    .fma(xPart, E0);
            xPower = xPower.reinterpretAsInts()
                    .add(xWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
            FloatVector.fromArray(S, w, sum + column).mul(xPower).intoArray(w, sum + column);
            int end = outputs + width * 64;
            for (int a = outputs + column; a < end; a += 64) {
                FloatVector.fromArray(S, w, a).mul(xPower).intoArray(w, a);
            }
        }
    }

    /// Turns scores into `2^(score - maximum)` and adds them to each lane's `sum`.
    static void exponentials(float[] w, int tile, Visibility visible, int maximum, int sum) {
        for (int v = 0; v < visible.vectors; v++) {
            int column = v * L;
            int end = tile + column + visible.toGroup[v] * GROUP * 64;
            FloatVector m = FloatVector.fromArray(S, w, maximum + column);
            FloatVector sum0 = FloatVector.fromArray(S, w, sum + column);
            FloatVector sum1 = FloatVector.zero(S);
            for (int a = tile + column + visible.fromGroup[v] * GROUP * 64; a < end; a += 128) {
                FloatVector x = FloatVector.fromArray(S, w, a).sub(m).max(LEAST);
                FloatVector xWhole = x.add(ROUND);
                FloatVector xPart = x.sub(xWhole.sub(ROUND));
                FloatVector xPower = E5.fma(xPart, E4)
                        .fma(xPart, E3)
                        .fma(xPart, E2)
                        .fma(xPart, E1)
                        .fma(xPart, E0);
                xPower = xPower.reinterpretAsInts()
                        .add(xWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                        .reinterpretAsFloats();
                FloatVector y = FloatVector.fromArray(S, w, a + 64).sub(m).max(LEAST);
                FloatVector yWhole = y.add(ROUND);
                FloatVector yPart = y.sub(yWhole.sub(ROUND));
                FloatVector yPower = E5.fma(yPart, E4)
                        .fma(yPart, E3)
                        .fma(yPart, E2)
                        .fma(yPart, E1)
                        .fma(yPart, E0);
                yPower = yPower.reinterpretAsInts()
                        .add(yWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                        .reinterpretAsFloats();
                xPower.intoArray(w, a);
                yPower.intoArray(w, a + 64);
                sum0 = sum0.add(xPower);
                sum1 = sum1.add(yPower);
            }
            sum0.add(sum1).intoArray(w, sum + column);
        }
    }

    /// Turns scores into probabilities, `2^(score - logSum)`.
    static void probabilities(float[] w, int tile, Visibility visible, int logSum) {
        for (int v = 0; v < visible.vectors; v++) {
            int column = v * L;
            int end = tile + column + visible.toGroup[v] * GROUP * 64;
            FloatVector m = FloatVector.fromArray(S, w, logSum + column);
            for (int a = tile + column + visible.fromGroup[v] * GROUP * 64; a < end; a += 128) {
                FloatVector x = FloatVector.fromArray(S, w, a).sub(m).max(LEAST);
                FloatVector xWhole = x.add(ROUND);
                FloatVector xPart = x.sub(xWhole.sub(ROUND));
                FloatVector xPower = E5.fma(xPart, E4)
                        .fma(xPart, E3)
                        .fma(xPart, E2)
                        .fma(xPart, E1)
                        .fma(xPart, E0);
                xPower = xPower.reinterpretAsInts()
                        .add(xWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                        .reinterpretAsFloats();
                FloatVector y = FloatVector.fromArray(S, w, a + 64).sub(m).max(LEAST);
                FloatVector yWhole = y.add(ROUND);
                FloatVector yPart = y.sub(yWhole.sub(ROUND));
                FloatVector yPower = E5.fma(yPart, E4)
                        .fma(yPart, E3)
                        .fma(yPart, E2)
                        .fma(yPart, E1)
                        .fma(yPart, E0);
                yPower = yPower.reinterpretAsInts()
                        .add(yWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                        .reinterpretAsFloats();
                xPower.intoArray(w, a);
                yPower.intoArray(w, a + 64);
            }
        }
    }

    /// Turns gradients of probabilities into those of scores: `dS = P * (dP - delta)`, where `delta` is a
    /// lane's sum of `dP * P`.
    static void scoreGradients(float[] w, int probabilities, int gradients, Visibility visible, int delta) {
        for (int v = 0; v < visible.vectors; v++) {
            int from = visible.fromGroup[v] * GROUP * 64 + v * L;
            int end = visible.toGroup[v] * GROUP * 64 + v * L;
            FloatVector d = FloatVector.fromArray(S, w, delta + v * L);
            for (int a = from; a < end; a += 64) {
                FloatVector.fromArray(S, w, gradients + a)
                        .sub(d)
                        .mul(FloatVector.fromArray(S, w, probabilities + a))
                        .intoArray(w, gradients + a);
            }
        }
    }

    /// Turns `count` (a multiple of 16) scores of one query into `2^(score - maximum)` and returns their sum.
    static float exponentials(float[] w, int scores, int count, float maximum) {
        FloatVector sum = FloatVector.zero(S);
        for (int a = scores; a < scores + count; a += L) {
            FloatVector x = FloatVector.fromArray(S, w, a).sub(maximum).max(LEAST);
            FloatVector xWhole = x.add(ROUND);
            FloatVector xPart = x.sub(xWhole.sub(ROUND));
            FloatVector xPower = E5.fma(xPart, E4)
                    .fma(xPart, E3)
                    .fma(xPart, E2)
                    .fma(xPart, E1)
                    .fma(xPart, E0);
            xPower = xPower.reinterpretAsInts()
                    .add(xWhole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
            xPower.intoArray(w, a);
            sum = sum.add(xPower);
        }
        return Lanes.sum(sum);
    }

    static void fill(float[] w, int from, int count, float value) {
        Arrays.fill(w, from, from + count, value);
    }
}
