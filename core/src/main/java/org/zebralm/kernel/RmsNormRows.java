package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Root-mean-square norm of rows, and its gradient.
///
/// With `r = 1 / sqrt(mean(x^2) + eps)` and `e = dy * weight`, `dx = r * (e - x * r^2 * mean(e * x))` and `dWeight` is
/// the
/// sum of `dy * x * r`.
final class RmsNormRows {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private final RowView x;

    /// Padded with zeros, as rows are when they are read.
    private final float[] weight;

    private final float eps;
    private final int padded;

    RmsNormRows(RowView x, float[] weight, float eps) {
        this.x = x;
        this.eps = eps;
        padded = Lanes.padded(weight.length);
        this.weight = java.util.Arrays.copyOf(weight, padded);
    }

    int width() {
        return x.width();
    }

    static int forwardFloats(int width) {
        return Lanes.padded(width);
    }

    static int backwardFloats(int width) {
        return 4 * Lanes.padded(width);
    }

    void forward(int from, int to, RowView y, float[] w) {
        for (int t = from; t < to; t++) {
            x.read(t, 1, 0, w, 0, padded);
            float r = inverse(dot(w, 0, w, 0));
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                scale(w, d, weight, r, Math.min(padded, d + RowSteps.FLOATS));
            }
            y.write(w, 0, padded, 1, t, 1, 0);
        }
    }

    /// Adds to `dx`, and puts the rows' sum for the weight into `sums[at ..]`.
    void backward(int from, int to, RowView dy, RowView dx, float[] sums, int at, float[] w) {
        int ys = padded;
        int ds = 2 * padded;
        int total = 3 * padded;
        TileSoftmax.fill(w, total, padded, 0);
        for (int t = from; t < to; t++) {
            x.read(t, 1, 0, w, 0, padded);
            dy.read(t, 1, 0, w, ys, padded);
            dx.read(t, 1, 0, w, ds, padded);
            float r = inverse(dot(w, 0, w, 0));
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                weigh(w, d, ys, total, weight, r, Math.min(padded, d + RowSteps.FLOATS));
            }
            float mean = dot(w, 0, w, ys) / x.width();
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                addGradient(w, d, ys, ds, r, -r * r * r * mean, Math.min(padded, d + RowSteps.FLOATS));
            }
            dx.write(w, ds, padded, 1, t, 1, 0);
        }
        System.arraycopy(w, total, sums, at, x.width());
    }

    private float inverse(double sumOfSquares) {
        return (float) (1 / Math.sqrt(sumOfSquares / x.width() + eps));
    }

    private float dot(float[] a, int from, float[] b, int other) {
        float sum = 0;
        for (int d = 0; d < padded; d += RowSteps.FLOATS) {
            sum += RowSteps.dot(a, from + d, b, other + d, Math.min(RowSteps.FLOATS, padded - d));
        }
        return sum;
    }

    private static void scale(float[] w, int from, float[] weight, float r, int to) {
        for (int d = from; d < to; d += L) {
            FloatVector.fromArray(S, w, d)
                    .mul(r)
                    .mul(FloatVector.fromArray(S, weight, d))
                    .intoArray(w, d);
        }
    }

    /// Adds `dy * x * r` to the weight's sums and multiplies `dy` by the weight.
    private static void weigh(float[] w, int from, int ys, int total, float[] weight, float r, int to) {
        for (int d = from; d < to; d += L) {
            FloatVector dy = FloatVector.fromArray(S, w, ys + d);
            FloatVector.fromArray(S, w, d)
                    .mul(r)
                    .fma(dy, FloatVector.fromArray(S, w, total + d))
                    .intoArray(w, total + d);
            dy.mul(FloatVector.fromArray(S, weight, d)).intoArray(w, ys + d);
        }
    }

    private static void addGradient(float[] w, int from, int ys, int ds, float r, float back, int to) {
        FloatVector a = FloatVector.broadcast(S, r);
        FloatVector b = FloatVector.broadcast(S, back);
        for (int d = from; d < to; d += L) {
            FloatVector sum = FloatVector.fromArray(S, w, ds + d);
            sum = FloatVector.fromArray(S, w, ys + d).fma(a, sum);
            FloatVector.fromArray(S, w, d).fma(b, sum).intoArray(w, ds + d);
        }
    }
}
