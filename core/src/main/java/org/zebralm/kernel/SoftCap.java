package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The bound on scores, `cap * tanh(x)`, and its slope, `1 - tanh(x)^2`, where `x` is a score over its cap.
///
/// Below 0.625 tanh is an odd polynomial of degree 11 (fitted for this, relative error 7.5e-8 in float32, measured),
/// above it `1 - 2 / (e^2x + 1)` with the power of [TileSoftmax]; so small scores keep their relative precision.
final class SoftCap {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;
    private static final int GROUP = Lanes.GROUP;

    private static final float SMALL = 0.625f;

    /// Where tanh is 1 in float32.
    private static final float LARGE = 10;

    private static final float TWO_LOG2_E = (float) (2 / Math.log(2));

    private static final FloatVector T3 = FloatVector.broadcast(S, -0.3333328f);
    private static final FloatVector T5 = FloatVector.broadcast(S, 0.13331442f);
    private static final FloatVector T7 = FloatVector.broadcast(S, -0.05373971f);
    private static final FloatVector T9 = FloatVector.broadcast(S, 0.020639079f);
    private static final FloatVector T11 = FloatVector.broadcast(S, -0.0057049785f);

    private SoftCap() {}

    /// Bounds the visible squares of a tile, and puts their slopes to `slopes` unless that is negative.
    static void apply(float[] w, int tile, Visibility visible, float cap, int slopes) {
        for (int v = 0; v < visible.vectors; v++) {
            int from = visible.fromGroup[v] * GROUP * 64 + v * L;
            int end = visible.toGroup[v] * GROUP * 64 + v * L;
            apply(w, tile + from, 64, (end - from + 63) / 64, cap, slopes < 0 ? -1 : slopes + from);
        }
    }

    /// Bounds `count` (a multiple of 16) neighbouring scores.
    static void apply(float[] w, int scores, int count, float cap) {
        apply(w, scores, L, count / L, cap, -1);
    }

    private static void apply(float[] w, int from, int apart, int vectors, float cap, int slopes) {
        for (int i = 0; i < vectors; i++) {
            FloatVector x = FloatVector.fromArray(S, w, from + i * apart);
            FloatVector size = x.abs();
            FloatVector e = size.min(LARGE).mul(TWO_LOG2_E);
            FloatVector whole = e.add(TileSoftmax.ROUND);
            FloatVector part = e.sub(whole.sub(TileSoftmax.ROUND));
            FloatVector power = TileSoftmax.E5
                    .fma(part, TileSoftmax.E4)
                    .fma(part, TileSoftmax.E3)
                    .fma(part, TileSoftmax.E2)
                    .fma(part, TileSoftmax.E1)
                    .fma(part, TileSoftmax.E0);
            power = power.reinterpretAsInts()
                    .add(whole.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23))
                    .reinterpretAsFloats();
            FloatVector large =
                    FloatVector.broadcast(S, 1).sub(FloatVector.broadcast(S, 2).div(power.add(1)));
            FloatVector square = size.mul(size);
            FloatVector small = T11.fma(square, T9)
                    .fma(square, T7)
                    .fma(square, T5)
                    .fma(square, T3)
                    .mul(square)
                    .fma(size, size);
            FloatVector t = large.blend(small, size.compare(VectorOperators.LT, SMALL));
            // The sign is x's.
            t = t.reinterpretAsInts()
                    .or(x.reinterpretAsInts().and(Integer.MIN_VALUE))
                    .reinterpretAsFloats();
            t.mul(cap).intoArray(w, from + i * apart);
            if (slopes >= 0) {
                FloatVector.broadcast(S, 1).sub(t.mul(t)).intoArray(w, slopes + i * apart);
            }
        }
    }

    /// Multiplies the visible squares of `gradients` by those of `slopes`.
    static void scale(float[] w, int gradients, int slopes, Visibility visible) {
        for (int v = 0; v < visible.vectors; v++) {
            int end = visible.toGroup[v] * GROUP * 64 + v * L;
            for (int a = visible.fromGroup[v] * GROUP * 64 + v * L; a < end; a += 64) {
                FloatVector.fromArray(S, w, gradients + a)
                        .mul(FloatVector.fromArray(S, w, slopes + a))
                        .intoArray(w, gradients + a);
            }
        }
    }
}
