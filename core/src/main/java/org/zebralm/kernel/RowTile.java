package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Adds the lane-wise products of four rows of weights with one, two or four rows of inputs to their sums.
///
/// The sums of output `o` and row `r` lie at `sums + r * rowSums + 16 * o`. Each is one chain of multiply-adds in the
/// order of the columns, whatever else is computed beside it: so a row's result does not depend on the other rows.
final class RowTile {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private RowTile() {}

    /// Adds `steps` vectors (at most [Lanes#BLOCK]) of each of four rows of weights, `apart` floats apart, times as
    /// many
    /// of `rows` rows of `x`: 1, 2 or 4.
    static void add(
            int rows,
            float[] w,
            int weights,
            int apart,
            float[] x,
            int from,
            int xApart,
            int steps,
            int sums,
            int rowSums) {
        switch (rows) {
            case 1 -> addOne(w, weights, apart, x, from, steps, sums);
            case 2 -> addTwo(w, weights, apart, x, from, xApart, steps, sums, rowSums);
            default -> addFour(w, weights, apart, x, from, xApart, steps, sums, rowSums);
        }
    }

    private static void addOne(float[] w, int weights, int apart, float[] x, int from, int steps, int sums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int a0 = weights;
        int a1 = a0 + apart;
        int a2 = a1 + apart;
        int a3 = a2 + apart;
        int x0 = from;
        for (int d = 0; d < steps * L; d += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + d);
            FloatVector u0 = FloatVector.fromArray(S, w, a0 + d);
            c00 = u0.fma(v0, c00);
            FloatVector u1 = FloatVector.fromArray(S, w, a1 + d);
            c01 = u1.fma(v0, c01);
            FloatVector u2 = FloatVector.fromArray(S, w, a2 + d);
            c02 = u2.fma(v0, c02);
            FloatVector u3 = FloatVector.fromArray(S, w, a3 + d);
            c03 = u3.fma(v0, c03);
        }
        c00.intoArray(w, s0);
        c01.intoArray(w, s0 + 16);
        c02.intoArray(w, s0 + 32);
        c03.intoArray(w, s0 + 48);
    }

    private static void addTwo(
            float[] w, int weights, int apart, float[] x, int from, int xApart, int steps, int sums, int rowSums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int s1 = sums + 1 * rowSums;
        FloatVector c10 = FloatVector.fromArray(S, w, s1);
        FloatVector c11 = FloatVector.fromArray(S, w, s1 + 16);
        FloatVector c12 = FloatVector.fromArray(S, w, s1 + 32);
        FloatVector c13 = FloatVector.fromArray(S, w, s1 + 48);
        int a0 = weights;
        int a1 = a0 + apart;
        int a2 = a1 + apart;
        int a3 = a2 + apart;
        int x0 = from;
        int x1 = x0 + xApart;
        for (int d = 0; d < steps * L; d += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + d);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + d);
            FloatVector u0 = FloatVector.fromArray(S, w, a0 + d);
            c00 = u0.fma(v0, c00);
            c10 = u0.fma(v1, c10);
            FloatVector u1 = FloatVector.fromArray(S, w, a1 + d);
            c01 = u1.fma(v0, c01);
            c11 = u1.fma(v1, c11);
            FloatVector u2 = FloatVector.fromArray(S, w, a2 + d);
            c02 = u2.fma(v0, c02);
            c12 = u2.fma(v1, c12);
            FloatVector u3 = FloatVector.fromArray(S, w, a3 + d);
            c03 = u3.fma(v0, c03);
            c13 = u3.fma(v1, c13);
        }
        c00.intoArray(w, s0);
        c01.intoArray(w, s0 + 16);
        c02.intoArray(w, s0 + 32);
        c03.intoArray(w, s0 + 48);
        c10.intoArray(w, s1);
        c11.intoArray(w, s1 + 16);
        c12.intoArray(w, s1 + 32);
        c13.intoArray(w, s1 + 48);
    }

    private static void addFour(
            float[] w, int weights, int apart, float[] x, int from, int xApart, int steps, int sums, int rowSums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int s1 = sums + 1 * rowSums;
        FloatVector c10 = FloatVector.fromArray(S, w, s1);
        FloatVector c11 = FloatVector.fromArray(S, w, s1 + 16);
        FloatVector c12 = FloatVector.fromArray(S, w, s1 + 32);
        FloatVector c13 = FloatVector.fromArray(S, w, s1 + 48);
        int s2 = sums + 2 * rowSums;
        FloatVector c20 = FloatVector.fromArray(S, w, s2);
        FloatVector c21 = FloatVector.fromArray(S, w, s2 + 16);
        FloatVector c22 = FloatVector.fromArray(S, w, s2 + 32);
        FloatVector c23 = FloatVector.fromArray(S, w, s2 + 48);
        int s3 = sums + 3 * rowSums;
        FloatVector c30 = FloatVector.fromArray(S, w, s3);
        FloatVector c31 = FloatVector.fromArray(S, w, s3 + 16);
        FloatVector c32 = FloatVector.fromArray(S, w, s3 + 32);
        FloatVector c33 = FloatVector.fromArray(S, w, s3 + 48);
        int a0 = weights;
        int a1 = a0 + apart;
        int a2 = a1 + apart;
        int a3 = a2 + apart;
        int x0 = from;
        int x1 = x0 + xApart;
        int x2 = x1 + xApart;
        int x3 = x2 + xApart;
        for (int d = 0; d < steps * L; d += L) {
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + d);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + d);
            FloatVector v2 = FloatVector.fromArray(S, x, x2 + d);
            FloatVector v3 = FloatVector.fromArray(S, x, x3 + d);
            FloatVector u0 = FloatVector.fromArray(S, w, a0 + d);
            c00 = u0.fma(v0, c00);
            c10 = u0.fma(v1, c10);
            c20 = u0.fma(v2, c20);
            c30 = u0.fma(v3, c30);
            FloatVector u1 = FloatVector.fromArray(S, w, a1 + d);
            c01 = u1.fma(v0, c01);
            c11 = u1.fma(v1, c11);
            c21 = u1.fma(v2, c21);
            c31 = u1.fma(v3, c31);
            FloatVector u2 = FloatVector.fromArray(S, w, a2 + d);
            c02 = u2.fma(v0, c02);
            c12 = u2.fma(v1, c12);
            c22 = u2.fma(v2, c22);
            c32 = u2.fma(v3, c32);
            FloatVector u3 = FloatVector.fromArray(S, w, a3 + d);
            c03 = u3.fma(v0, c03);
            c13 = u3.fma(v1, c13);
            c23 = u3.fma(v2, c23);
            c33 = u3.fma(v3, c33);
        }
        c00.intoArray(w, s0);
        c01.intoArray(w, s0 + 16);
        c02.intoArray(w, s0 + 32);
        c03.intoArray(w, s0 + 48);
        c10.intoArray(w, s1);
        c11.intoArray(w, s1 + 16);
        c12.intoArray(w, s1 + 32);
        c13.intoArray(w, s1 + 48);
        c20.intoArray(w, s2);
        c21.intoArray(w, s2 + 16);
        c22.intoArray(w, s2 + 32);
        c23.intoArray(w, s2 + 48);
        c30.intoArray(w, s3);
        c31.intoArray(w, s3 + 16);
        c32.intoArray(w, s3 + 32);
        c33.intoArray(w, s3 + 48);
    }
}
