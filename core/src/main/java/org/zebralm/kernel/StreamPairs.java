package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of two rows of inputs with four rows of weights, widened in registers.
///
/// As [StreamProducts] for one row: sums grow in the order of [RowTile] and lie where it has them; at most
/// [Lanes#BLOCK] steps a call.
final class StreamPairs {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final VectorSpecies<Short> HALVES = Lanes.HALVES;
    private static final VectorSpecies<Byte> BYTES = Rows.BYTES;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;

    private StreamPairs() {}

    /// Adds `steps` vectors of each of four rows of weights, `stride` bytes apart, times those of two rows of `x`,
    /// `xApart` floats apart.
    static void add(
            Storage storage,
            long weights,
            long stride,
            float[] x,
            int from,
            int xApart,
            int steps,
            float[] w,
            int sums,
            int rowSums) {
        switch (storage) {
            case FLOAT32 -> addFloats(weights, stride, x, from, xApart, steps, w, sums, rowSums);
            case BFLOAT16 -> addBfloat16(weights, stride, x, from, xApart, steps, w, sums, rowSums);
            case INT8 -> addInt8(weights, stride, x, from, xApart, steps, w, sums, rowSums);
        }
    }

    private static void addFloats(
            long weights, long stride, float[] x, int from, int xApart, int steps, float[] w, int sums, int rowSums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int s1 = sums + rowSums;
        FloatVector c10 = FloatVector.fromArray(S, w, s1);
        FloatVector c11 = FloatVector.fromArray(S, w, s1 + 16);
        FloatVector c12 = FloatVector.fromArray(S, w, s1 + 32);
        FloatVector c13 = FloatVector.fromArray(S, w, s1 + 48);
        int x0 = from;
        int x1 = x0 + xApart;
        for (int i = 0; i < steps; i++) {
            long a = weights + 4L * L * i;
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + i * L);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + i * L);
            FloatVector u0 = FloatVector.fromMemorySegment(S, MEMORY, a, ORDER);
            c00 = u0.fma(v0, c00);
            c10 = u0.fma(v1, c10);
            FloatVector u1 = FloatVector.fromMemorySegment(S, MEMORY, a + stride, ORDER);
            c01 = u1.fma(v0, c01);
            c11 = u1.fma(v1, c11);
            FloatVector u2 = FloatVector.fromMemorySegment(S, MEMORY, a + 2 * stride, ORDER);
            c02 = u2.fma(v0, c02);
            c12 = u2.fma(v1, c12);
            FloatVector u3 = FloatVector.fromMemorySegment(S, MEMORY, a + 3 * stride, ORDER);
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

    private static void addBfloat16(
            long weights, long stride, float[] x, int from, int xApart, int steps, float[] w, int sums, int rowSums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int s1 = sums + rowSums;
        FloatVector c10 = FloatVector.fromArray(S, w, s1);
        FloatVector c11 = FloatVector.fromArray(S, w, s1 + 16);
        FloatVector c12 = FloatVector.fromArray(S, w, s1 + 32);
        FloatVector c13 = FloatVector.fromArray(S, w, s1 + 48);
        int x0 = from;
        int x1 = x0 + xApart;
        for (int i = 0; i < steps; i++) {
            long a = weights + 2L * L * i;
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + i * L);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + i * L);
            FloatVector u0 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            c00 = u0.fma(v0, c00);
            c10 = u0.fma(v1, c10);
            FloatVector u1 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            c01 = u1.fma(v0, c01);
            c11 = u1.fma(v1, c11);
            FloatVector u2 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 2 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            c02 = u2.fma(v0, c02);
            c12 = u2.fma(v1, c12);
            FloatVector u3 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 3 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
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

    private static void addInt8(
            long weights, long stride, float[] x, int from, int xApart, int steps, float[] w, int sums, int rowSums) {
        int s0 = sums;
        FloatVector c00 = FloatVector.fromArray(S, w, s0);
        FloatVector c01 = FloatVector.fromArray(S, w, s0 + 16);
        FloatVector c02 = FloatVector.fromArray(S, w, s0 + 32);
        FloatVector c03 = FloatVector.fromArray(S, w, s0 + 48);
        int s1 = sums + rowSums;
        FloatVector c10 = FloatVector.fromArray(S, w, s1);
        FloatVector c11 = FloatVector.fromArray(S, w, s1 + 16);
        FloatVector c12 = FloatVector.fromArray(S, w, s1 + 32);
        FloatVector c13 = FloatVector.fromArray(S, w, s1 + 48);
        int x0 = from;
        int x1 = x0 + xApart;
        for (int i = 0; i < steps; i++) {
            long a = weights + (long) L * i;
            FloatVector v0 = FloatVector.fromArray(S, x, x0 + i * L);
            FloatVector v1 = FloatVector.fromArray(S, x, x1 + i * L);
            FloatVector u0 = ((FloatVector)
                    ByteVector.fromMemorySegment(BYTES, MEMORY, a, ORDER).convertShape(VectorOperators.B2F, S, 0));
            c00 = u0.fma(v0, c00);
            c10 = u0.fma(v1, c10);
            FloatVector u1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + stride, ORDER)
                    .convertShape(VectorOperators.B2F, S, 0));
            c01 = u1.fma(v0, c01);
            c11 = u1.fma(v1, c11);
            FloatVector u2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 2 * stride, ORDER)
                    .convertShape(VectorOperators.B2F, S, 0));
            c02 = u2.fma(v0, c02);
            c12 = u2.fma(v1, c12);
            FloatVector u3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 3 * stride, ORDER)
                    .convertShape(VectorOperators.B2F, S, 0));
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
}
