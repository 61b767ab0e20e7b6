package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The products of one row of inputs with eight rows of weights, which are read once, straight from the tensor's
/// memory, and widened in registers.
///
/// Sums lie 16 floats apart and grow in the order of [RowTile], so that both give the same bits. Each call takes at
/// most
/// [Lanes#BLOCK] steps. Written out for the reason given in [RegisterTile].
final class StreamProducts {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final VectorSpecies<Short> HALVES = Lanes.HALVES;
    private static final VectorSpecies<Byte> BYTES = Rows.BYTES;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;

    private StreamProducts() {}

    /// Returns how many of `columns` columns can be streamed: what is left has no full vector, or none that may be
    /// loaded.
    static int whole(Storage storage, int columns) {
        int whole = columns / L * L;
        // The smallest vector of bytes is wider than four lanes: the last ones would be read beyond the row.
        return storage == Storage.INT8 && BYTES.length() > L ? Math.max(0, whole - BYTES.length() + L) : whole;
    }

    /// Adds `steps` vectors of each row, `stride` bytes apart from `weights` on, times those of `x` at `from`.
    static void add(Storage storage, long weights, long stride, float[] x, int from, int steps, float[] w, int sums) {
        switch (storage) {
            case FLOAT32 -> addFloats(weights, stride, x, from, steps, w, sums);
            case BFLOAT16 -> addBfloat16(weights, stride, x, from, steps, w, sums);
            case INT8 -> addInt8(weights, stride, x, from, steps, w, sums);
        }
    }

    private static void addFloats(long weights, long stride, float[] x, int from, int steps, float[] w, int sums) {
        FloatVector c0 = FloatVector.fromArray(S, w, sums);
        FloatVector c1 = FloatVector.fromArray(S, w, sums + 16);
        FloatVector c2 = FloatVector.fromArray(S, w, sums + 32);
        FloatVector c3 = FloatVector.fromArray(S, w, sums + 48);
        FloatVector c4 = FloatVector.fromArray(S, w, sums + 64);
        FloatVector c5 = FloatVector.fromArray(S, w, sums + 80);
        FloatVector c6 = FloatVector.fromArray(S, w, sums + 96);
        FloatVector c7 = FloatVector.fromArray(S, w, sums + 112);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long a = weights + 4L * L * i;
            c0 = FloatVector.fromMemorySegment(S, MEMORY, a, ORDER).fma(v, c0);
            c1 = FloatVector.fromMemorySegment(S, MEMORY, a + stride, ORDER).fma(v, c1);
            c2 = FloatVector.fromMemorySegment(S, MEMORY, a + 2 * stride, ORDER).fma(v, c2);
            c3 = FloatVector.fromMemorySegment(S, MEMORY, a + 3 * stride, ORDER).fma(v, c3);
            c4 = FloatVector.fromMemorySegment(S, MEMORY, a + 4 * stride, ORDER).fma(v, c4);
            c5 = FloatVector.fromMemorySegment(S, MEMORY, a + 5 * stride, ORDER).fma(v, c5);
            c6 = FloatVector.fromMemorySegment(S, MEMORY, a + 6 * stride, ORDER).fma(v, c6);
            c7 = FloatVector.fromMemorySegment(S, MEMORY, a + 7 * stride, ORDER).fma(v, c7);
        }
        c0.intoArray(w, sums);
        c1.intoArray(w, sums + 16);
        c2.intoArray(w, sums + 32);
        c3.intoArray(w, sums + 48);
        c4.intoArray(w, sums + 64);
        c5.intoArray(w, sums + 80);
        c6.intoArray(w, sums + 96);
        c7.intoArray(w, sums + 112);
    }

    private static void addBfloat16(long weights, long stride, float[] x, int from, int steps, float[] w, int sums) {
        FloatVector c0 = FloatVector.fromArray(S, w, sums);
        FloatVector c1 = FloatVector.fromArray(S, w, sums + 16);
        FloatVector c2 = FloatVector.fromArray(S, w, sums + 32);
        FloatVector c3 = FloatVector.fromArray(S, w, sums + 48);
        FloatVector c4 = FloatVector.fromArray(S, w, sums + 64);
        FloatVector c5 = FloatVector.fromArray(S, w, sums + 80);
        FloatVector c6 = FloatVector.fromArray(S, w, sums + 96);
        FloatVector c7 = FloatVector.fromArray(S, w, sums + 112);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long a = weights + 2L * L * i;
            c0 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c0);
            c1 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c1);
            c2 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 2 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c2);
            c3 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 3 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c3);
            c4 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 4 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c4);
            c5 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 5 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c5);
            c6 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 6 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c6);
            c7 = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, a + 7 * stride, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c7);
        }
        c0.intoArray(w, sums);
        c1.intoArray(w, sums + 16);
        c2.intoArray(w, sums + 32);
        c3.intoArray(w, sums + 48);
        c4.intoArray(w, sums + 64);
        c5.intoArray(w, sums + 80);
        c6.intoArray(w, sums + 96);
        c7.intoArray(w, sums + 112);
    }

    private static void addInt8(long weights, long stride, float[] x, int from, int steps, float[] w, int sums) {
        FloatVector c0 = FloatVector.fromArray(S, w, sums);
        FloatVector c1 = FloatVector.fromArray(S, w, sums + 16);
        FloatVector c2 = FloatVector.fromArray(S, w, sums + 32);
        FloatVector c3 = FloatVector.fromArray(S, w, sums + 48);
        FloatVector c4 = FloatVector.fromArray(S, w, sums + 64);
        FloatVector c5 = FloatVector.fromArray(S, w, sums + 80);
        FloatVector c6 = FloatVector.fromArray(S, w, sums + 96);
        FloatVector c7 = FloatVector.fromArray(S, w, sums + 112);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long a = weights + (long) L * i;
            c0 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c0);
            c1 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c1);
            c2 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 2 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c2);
            c3 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 3 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c3);
            c4 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 4 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c4);
            c5 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 5 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c5);
            c6 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 6 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c6);
            c7 = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, a + 7 * stride, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c7);
        }
        c0.intoArray(w, sums);
        c1.intoArray(w, sums + 16);
        c2.intoArray(w, sums + 32);
        c3.intoArray(w, sums + 48);
        c4.intoArray(w, sums + 64);
        c5.intoArray(w, sums + 80);
        c6.intoArray(w, sums + 96);
        c7.intoArray(w, sums + 112);
    }

    /// Adds `steps` vectors of two rows of weights anywhere in memory times those of `x` at `from`, to the sums at
    /// `sum`
    /// and `otherSum`, in the same order as [#add].
    static void addTwo(
            Storage storage,
            long weights,
            long others,
            float[] x,
            int from,
            int steps,
            float[] w,
            int sum,
            int otherSum) {
        switch (storage) {
            case FLOAT32 -> addTwoFloats(weights, others, x, from, steps, w, sum, otherSum);
            case BFLOAT16 -> addTwoBfloat16(weights, others, x, from, steps, w, sum, otherSum);
            case INT8 -> addTwoInt8(weights, others, x, from, steps, w, sum, otherSum);
        }
    }

    private static void addTwoFloats(
            long weights, long others, float[] x, int from, int steps, float[] w, int sum, int otherSum) {
        FloatVector c = FloatVector.fromArray(S, w, sum);
        FloatVector d = FloatVector.fromArray(S, w, otherSum);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long at = 4L * L * i;
            c = FloatVector.fromMemorySegment(S, MEMORY, weights + at, ORDER).fma(v, c);
            d = FloatVector.fromMemorySegment(S, MEMORY, others + at, ORDER).fma(v, d);
        }
        c.intoArray(w, sum);
        d.intoArray(w, otherSum);
    }

    private static void addTwoBfloat16(
            long weights, long others, float[] x, int from, int steps, float[] w, int sum, int otherSum) {
        FloatVector c = FloatVector.fromArray(S, w, sum);
        FloatVector d = FloatVector.fromArray(S, w, otherSum);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long at = 2L * L * i;
            c = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, weights + at, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, c);
            d = ((IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, others + at, ORDER)
                            .convertShape(VectorOperators.S2I, INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats()
                    .fma(v, d);
        }
        c.intoArray(w, sum);
        d.intoArray(w, otherSum);
    }

    private static void addTwoInt8(
            long weights, long others, float[] x, int from, int steps, float[] w, int sum, int otherSum) {
        FloatVector c = FloatVector.fromArray(S, w, sum);
        FloatVector d = FloatVector.fromArray(S, w, otherSum);
        for (int i = 0; i < steps; i++) {
            FloatVector v = FloatVector.fromArray(S, x, from + i * L);
            long at = (long) L * i;
            c = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, weights + at, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, c);
            d = ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, others + at, ORDER)
                            .convertShape(VectorOperators.B2F, S, 0))
                    .fma(v, d);
        }
        c.intoArray(w, sum);
        d.intoArray(w, otherSum);
    }
}
