package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// The one matrix product everything here is made of: `C[4, n] (+)= A[4, depth] B[depth, n]`, held in
/// registers.
///
/// Written out, one method per width, because C2 keeps a vector in a register only while it is a local
/// variable: an array of vectors, a loop over them, or a method that takes or returns one allocates an object
/// per operation (measured: 60 instead of 160 GFLOP/s, and gigabytes of garbage a second). `B` and `C` have
/// rows of 64 floats, a constant, so that the bounds checks leave the loop. All three lie in one `float[]`,
/// since off-heap segments pay a check per broadcast.
final class RegisterTile {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    private RegisterTile() {}

    /// Multiplies into `vectors` vectors of columns.
    ///
    /// Element `(i, k)` of `A` is at `a + i * aRow + k * aStep`, row `k` of `B` at `b + 64 * k`, row `i` of `C`
    /// at `c + 64 * i`.
    static void multiply(float[] w, int a, int aRow, int aStep, int b, int depth, int c, int vectors, boolean add) {
        for (int v = 0; v < vectors; v += Lanes.TILE_VECTORS) {
            int column = v * L;
            switch (Math.min(Lanes.TILE_VECTORS, vectors - v)) {
                case 4 -> multiply4(w, a, aRow, aStep, b + column, depth, c + column, add);
                case 3 -> multiply3(w, a, aRow, aStep, b + column, depth, c + column, add);
                case 2 -> multiply2(w, a, aRow, aStep, b + column, depth, c + column, add);
                default -> multiply1(w, a, aRow, aStep, b + column, depth, c + column, add);
            }
        }
    }

    /// Four rows of 4 vectors; the arguments are [#multiply]'s.
    private static void multiply4(float[] w, int a, int aRow, int aStep, int b, int depth, int c, boolean add) {
        FloatVector c00;
        FloatVector c01;
        FloatVector c02;
        FloatVector c03;
        FloatVector c10;
        FloatVector c11;
        FloatVector c12;
        FloatVector c13;
        FloatVector c20;
        FloatVector c21;
        FloatVector c22;
        FloatVector c23;
        FloatVector c30;
        FloatVector c31;
        FloatVector c32;
        FloatVector c33;
        if (add) {
            c00 = FloatVector.fromArray(S, w, c);
            c01 = FloatVector.fromArray(S, w, c + L);
            c02 = FloatVector.fromArray(S, w, c + 2 * L);
            c03 = FloatVector.fromArray(S, w, c + 3 * L);
            c10 = FloatVector.fromArray(S, w, c + 64);
            c11 = FloatVector.fromArray(S, w, c + 64 + L);
            c12 = FloatVector.fromArray(S, w, c + 64 + 2 * L);
            c13 = FloatVector.fromArray(S, w, c + 64 + 3 * L);
            c20 = FloatVector.fromArray(S, w, c + 128);
            c21 = FloatVector.fromArray(S, w, c + 128 + L);
            c22 = FloatVector.fromArray(S, w, c + 128 + 2 * L);
            c23 = FloatVector.fromArray(S, w, c + 128 + 3 * L);
            c30 = FloatVector.fromArray(S, w, c + 192);
            c31 = FloatVector.fromArray(S, w, c + 192 + L);
            c32 = FloatVector.fromArray(S, w, c + 192 + 2 * L);
            c33 = FloatVector.fromArray(S, w, c + 192 + 3 * L);
        } else {
            c00 = FloatVector.zero(S);
            c01 = FloatVector.zero(S);
            c02 = FloatVector.zero(S);
            c03 = FloatVector.zero(S);
            c10 = FloatVector.zero(S);
            c11 = FloatVector.zero(S);
            c12 = FloatVector.zero(S);
            c13 = FloatVector.zero(S);
            c20 = FloatVector.zero(S);
            c21 = FloatVector.zero(S);
            c22 = FloatVector.zero(S);
            c23 = FloatVector.zero(S);
            c30 = FloatVector.zero(S);
            c31 = FloatVector.zero(S);
            c32 = FloatVector.zero(S);
            c33 = FloatVector.zero(S);
        }
        int a0 = a;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int bk = b;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, w, bk);
            FloatVector b1 = FloatVector.fromArray(S, w, bk + L);
            FloatVector b2 = FloatVector.fromArray(S, w, bk + 2 * L);
            FloatVector b3 = FloatVector.fromArray(S, w, bk + 3 * L);
            FloatVector x0 = FloatVector.broadcast(S, w[a0]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            c02 = x0.fma(b2, c02);
            c03 = x0.fma(b3, c03);
            a0 += aStep;
            FloatVector x1 = FloatVector.broadcast(S, w[a1]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            c12 = x1.fma(b2, c12);
            c13 = x1.fma(b3, c13);
            a1 += aStep;
            FloatVector x2 = FloatVector.broadcast(S, w[a2]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            c22 = x2.fma(b2, c22);
            c23 = x2.fma(b3, c23);
            a2 += aStep;
            FloatVector x3 = FloatVector.broadcast(S, w[a3]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            c32 = x3.fma(b2, c32);
            c33 = x3.fma(b3, c33);
            a3 += aStep;
            bk += 64;
        }
        c00.intoArray(w, c);
        c01.intoArray(w, c + L);
        c02.intoArray(w, c + 2 * L);
        c03.intoArray(w, c + 3 * L);
        c10.intoArray(w, c + 64);
        c11.intoArray(w, c + 64 + L);
        c12.intoArray(w, c + 64 + 2 * L);
        c13.intoArray(w, c + 64 + 3 * L);
        c20.intoArray(w, c + 128);
        c21.intoArray(w, c + 128 + L);
        c22.intoArray(w, c + 128 + 2 * L);
        c23.intoArray(w, c + 128 + 3 * L);
        c30.intoArray(w, c + 192);
        c31.intoArray(w, c + 192 + L);
        c32.intoArray(w, c + 192 + 2 * L);
        c33.intoArray(w, c + 192 + 3 * L);
    }

    /// Four rows of 3 vectors; the arguments are [#multiply]'s.
    private static void multiply3(float[] w, int a, int aRow, int aStep, int b, int depth, int c, boolean add) {
        FloatVector c00;
        FloatVector c01;
        FloatVector c02;
        FloatVector c10;
        FloatVector c11;
        FloatVector c12;
        FloatVector c20;
        FloatVector c21;
        FloatVector c22;
        FloatVector c30;
        FloatVector c31;
        FloatVector c32;
        if (add) {
            c00 = FloatVector.fromArray(S, w, c);
            c01 = FloatVector.fromArray(S, w, c + L);
            c02 = FloatVector.fromArray(S, w, c + 2 * L);
            c10 = FloatVector.fromArray(S, w, c + 64);
            c11 = FloatVector.fromArray(S, w, c + 64 + L);
            c12 = FloatVector.fromArray(S, w, c + 64 + 2 * L);
            c20 = FloatVector.fromArray(S, w, c + 128);
            c21 = FloatVector.fromArray(S, w, c + 128 + L);
            c22 = FloatVector.fromArray(S, w, c + 128 + 2 * L);
            c30 = FloatVector.fromArray(S, w, c + 192);
            c31 = FloatVector.fromArray(S, w, c + 192 + L);
            c32 = FloatVector.fromArray(S, w, c + 192 + 2 * L);
        } else {
            c00 = FloatVector.zero(S);
            c01 = FloatVector.zero(S);
            c02 = FloatVector.zero(S);
            c10 = FloatVector.zero(S);
            c11 = FloatVector.zero(S);
            c12 = FloatVector.zero(S);
            c20 = FloatVector.zero(S);
            c21 = FloatVector.zero(S);
            c22 = FloatVector.zero(S);
            c30 = FloatVector.zero(S);
            c31 = FloatVector.zero(S);
            c32 = FloatVector.zero(S);
        }
        int a0 = a;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int bk = b;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, w, bk);
            FloatVector b1 = FloatVector.fromArray(S, w, bk + L);
            FloatVector b2 = FloatVector.fromArray(S, w, bk + 2 * L);
            FloatVector x0 = FloatVector.broadcast(S, w[a0]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            c02 = x0.fma(b2, c02);
            a0 += aStep;
            FloatVector x1 = FloatVector.broadcast(S, w[a1]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            c12 = x1.fma(b2, c12);
            a1 += aStep;
            FloatVector x2 = FloatVector.broadcast(S, w[a2]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            c22 = x2.fma(b2, c22);
            a2 += aStep;
            FloatVector x3 = FloatVector.broadcast(S, w[a3]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            c32 = x3.fma(b2, c32);
            a3 += aStep;
            bk += 64;
        }
        c00.intoArray(w, c);
        c01.intoArray(w, c + L);
        c02.intoArray(w, c + 2 * L);
        c10.intoArray(w, c + 64);
        c11.intoArray(w, c + 64 + L);
        c12.intoArray(w, c + 64 + 2 * L);
        c20.intoArray(w, c + 128);
        c21.intoArray(w, c + 128 + L);
        c22.intoArray(w, c + 128 + 2 * L);
        c30.intoArray(w, c + 192);
        c31.intoArray(w, c + 192 + L);
        c32.intoArray(w, c + 192 + 2 * L);
    }

    /// Four rows of 2 vectors; the arguments are [#multiply]'s.
    private static void multiply2(float[] w, int a, int aRow, int aStep, int b, int depth, int c, boolean add) {
        FloatVector c00;
        FloatVector c01;
        FloatVector c10;
        FloatVector c11;
        FloatVector c20;
        FloatVector c21;
        FloatVector c30;
        FloatVector c31;
        if (add) {
            c00 = FloatVector.fromArray(S, w, c);
            c01 = FloatVector.fromArray(S, w, c + L);
            c10 = FloatVector.fromArray(S, w, c + 64);
            c11 = FloatVector.fromArray(S, w, c + 64 + L);
            c20 = FloatVector.fromArray(S, w, c + 128);
            c21 = FloatVector.fromArray(S, w, c + 128 + L);
            c30 = FloatVector.fromArray(S, w, c + 192);
            c31 = FloatVector.fromArray(S, w, c + 192 + L);
        } else {
            c00 = FloatVector.zero(S);
            c01 = FloatVector.zero(S);
            c10 = FloatVector.zero(S);
            c11 = FloatVector.zero(S);
            c20 = FloatVector.zero(S);
            c21 = FloatVector.zero(S);
            c30 = FloatVector.zero(S);
            c31 = FloatVector.zero(S);
        }
        int a0 = a;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int bk = b;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, w, bk);
            FloatVector b1 = FloatVector.fromArray(S, w, bk + L);
            FloatVector x0 = FloatVector.broadcast(S, w[a0]);
            c00 = x0.fma(b0, c00);
            c01 = x0.fma(b1, c01);
            a0 += aStep;
            FloatVector x1 = FloatVector.broadcast(S, w[a1]);
            c10 = x1.fma(b0, c10);
            c11 = x1.fma(b1, c11);
            a1 += aStep;
            FloatVector x2 = FloatVector.broadcast(S, w[a2]);
            c20 = x2.fma(b0, c20);
            c21 = x2.fma(b1, c21);
            a2 += aStep;
            FloatVector x3 = FloatVector.broadcast(S, w[a3]);
            c30 = x3.fma(b0, c30);
            c31 = x3.fma(b1, c31);
            a3 += aStep;
            bk += 64;
        }
        c00.intoArray(w, c);
        c01.intoArray(w, c + L);
        c10.intoArray(w, c + 64);
        c11.intoArray(w, c + 64 + L);
        c20.intoArray(w, c + 128);
        c21.intoArray(w, c + 128 + L);
        c30.intoArray(w, c + 192);
        c31.intoArray(w, c + 192 + L);
    }

    /// Four rows of 1 vector; the arguments are [#multiply]'s.
    private static void multiply1(float[] w, int a, int aRow, int aStep, int b, int depth, int c, boolean add) {
        FloatVector c00;
        FloatVector c10;
        FloatVector c20;
        FloatVector c30;
        if (add) {
            c00 = FloatVector.fromArray(S, w, c);
            c10 = FloatVector.fromArray(S, w, c + 64);
            c20 = FloatVector.fromArray(S, w, c + 128);
            c30 = FloatVector.fromArray(S, w, c + 192);
        } else {
            c00 = FloatVector.zero(S);
            c10 = FloatVector.zero(S);
            c20 = FloatVector.zero(S);
            c30 = FloatVector.zero(S);
        }
        int a0 = a;
        int a1 = a0 + aRow;
        int a2 = a1 + aRow;
        int a3 = a2 + aRow;
        int bk = b;
        for (int k = 0; k < depth; k++) {
            FloatVector b0 = FloatVector.fromArray(S, w, bk);
            FloatVector x0 = FloatVector.broadcast(S, w[a0]);
            c00 = x0.fma(b0, c00);
            a0 += aStep;
            FloatVector x1 = FloatVector.broadcast(S, w[a1]);
            c10 = x1.fma(b0, c10);
            a1 += aStep;
            FloatVector x2 = FloatVector.broadcast(S, w[a2]);
            c20 = x2.fma(b0, c20);
            a2 += aStep;
            FloatVector x3 = FloatVector.broadcast(S, w[a3]);
            c30 = x3.fma(b0, c30);
            a3 += aStep;
            bk += 64;
        }
        c00.intoArray(w, c);
        c10.intoArray(w, c + 64);
        c20.intoArray(w, c + 128);
        c30.intoArray(w, c + 192);
    }
}
