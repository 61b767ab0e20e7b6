package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Products with weights of 4 bits in the order of [Int4Layout].
///
/// A number is not shifted down: masked, it counts in steps of `16^j`, and the inputs that meet it are divided by as
/// much beforehand ([ProductInputs]), which is exact. The eight of its offset comes in once for each lane: a sum
/// begins with minus eight times the inputs of the lane.
final class Int4Products {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;

    private Int4Products() {}

    /// Adds one block of four rows times one row of inputs, `L` lanes of it.
    ///
    /// @param words where the block begins, plus the first lane
    /// @param x where the inputs of these lanes begin, with `first` the sums they begin with
    /// @param scales of these lanes, 16 floats apart for each row, as `sums`
    static void add(
            long words, int vectors, float[] x, int from, float[] begin, int first, float[] w, int scales, int sums) {
        FloatVector c0 = FloatVector.fromArray(S, begin, first);
        FloatVector c1 = c0;
        FloatVector c2 = c0;
        FloatVector c3 = c0;
        for (int v = 0; v < vectors; v++) {
            long a = words + 256L * v;
            int i = from + 8 * L * v;
            IntVector b0 = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            IntVector b1 = IntVector.fromMemorySegment(INTS, MEMORY, a + 64, ORDER);
            IntVector b2 = IntVector.fromMemorySegment(INTS, MEMORY, a + 128, ORDER);
            IntVector b3 = IntVector.fromMemorySegment(INTS, MEMORY, a + 192, ORDER);
            FloatVector x0 = FloatVector.fromArray(S, x, i);
            c0 = ((FloatVector) b0.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, c0);
            c1 = ((FloatVector) b1.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, c1);
            c2 = ((FloatVector) b2.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, c2);
            c3 = ((FloatVector) b3.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, c3);
            FloatVector x1 = FloatVector.fromArray(S, x, i + L);
            c0 = ((FloatVector) b0.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, c0);
            c1 = ((FloatVector) b1.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, c1);
            c2 = ((FloatVector) b2.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, c2);
            c3 = ((FloatVector) b3.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, c3);
            FloatVector x2 = FloatVector.fromArray(S, x, i + 2 * L);
            c0 = ((FloatVector) b0.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, c0);
            c1 = ((FloatVector) b1.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, c1);
            c2 = ((FloatVector) b2.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, c2);
            c3 = ((FloatVector) b3.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, c3);
            FloatVector x3 = FloatVector.fromArray(S, x, i + 3 * L);
            c0 = ((FloatVector) b0.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, c0);
            c1 = ((FloatVector) b1.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, c1);
            c2 = ((FloatVector) b2.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, c2);
            c3 = ((FloatVector) b3.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, c3);
            FloatVector x4 = FloatVector.fromArray(S, x, i + 4 * L);
            c0 = ((FloatVector) b0.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, c0);
            c1 = ((FloatVector) b1.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, c1);
            c2 = ((FloatVector) b2.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, c2);
            c3 = ((FloatVector) b3.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, c3);
            FloatVector x5 = FloatVector.fromArray(S, x, i + 5 * L);
            c0 = ((FloatVector) b0.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, c0);
            c1 = ((FloatVector) b1.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, c1);
            c2 = ((FloatVector) b2.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, c2);
            c3 = ((FloatVector) b3.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, c3);
            FloatVector x6 = FloatVector.fromArray(S, x, i + 6 * L);
            c0 = ((FloatVector) b0.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, c0);
            c1 = ((FloatVector) b1.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, c1);
            c2 = ((FloatVector) b2.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, c2);
            c3 = ((FloatVector) b3.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, c3);
            FloatVector x7 = FloatVector.fromArray(S, x, i + 7 * L);
            c0 = ((FloatVector) b0.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, c0);
            c1 = ((FloatVector) b1.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, c1);
            c2 = ((FloatVector) b2.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, c2);
            c3 = ((FloatVector) b3.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, c3);
        }
        c0.fma(FloatVector.fromArray(S, w, scales), FloatVector.fromArray(S, w, sums))
                .intoArray(w, sums);
        c1.fma(FloatVector.fromArray(S, w, scales + 16), FloatVector.fromArray(S, w, sums + 16))
                .intoArray(w, sums + 16);
        c2.fma(FloatVector.fromArray(S, w, scales + 32), FloatVector.fromArray(S, w, sums + 32))
                .intoArray(w, sums + 32);
        c3.fma(FloatVector.fromArray(S, w, scales + 48), FloatVector.fromArray(S, w, sums + 48))
                .intoArray(w, sums + 48);
    }

    /// Decodes a vector of each of four rows to the floats that [#add] multiplies with: `L` lanes of eight numbers,
    /// rows `apart` floats apart.
    static void decode(long words, float[] w, int to, int apart) {
        long a = words;
        int i = to;
        for (int row = 0; row < Int4Layout.ROWS; row++) {
            IntVector b = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            ((FloatVector) b.and(0xf).convert(VectorOperators.I2F, 0)).intoArray(w, i);
            ((FloatVector) b.and(0xf0).convert(VectorOperators.I2F, 0)).intoArray(w, i + L);
            ((FloatVector) b.and(0xf00).convert(VectorOperators.I2F, 0)).intoArray(w, i + 2 * L);
            ((FloatVector) b.and(0xf000).convert(VectorOperators.I2F, 0)).intoArray(w, i + 3 * L);
            ((FloatVector) b.and(0xf0000).convert(VectorOperators.I2F, 0)).intoArray(w, i + 4 * L);
            ((FloatVector) b.and(0xf00000).convert(VectorOperators.I2F, 0)).intoArray(w, i + 5 * L);
            ((FloatVector) b.and(0xf000000).convert(VectorOperators.I2F, 0)).intoArray(w, i + 6 * L);
            ((FloatVector) b.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0))
                    .intoArray(w, i + 7 * L);
            a += 64;
            i += apart;
        }
    }
}
