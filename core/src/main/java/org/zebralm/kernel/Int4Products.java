package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// The product of one row with weights of 4 bits in the order of [Int4Layout], nearly as fast as memory.
///
/// A number is not shifted down: masked, it counts in steps of `16^j`, and the inputs that meet it are divided by as
/// much
/// beforehand ([ProductInputs]), which is exact. The eight of its offset comes in once for each group: a sum begins
/// with
/// minus eight times the group's inputs. Two vectors of outputs meet the same inputs, each with four chains of sums.
final class Int4Products {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;

    private Int4Products() {}

    /// Adds the products of some groups of `2 L` outputs to their totals.
    ///
    /// @param words where the first group's words of these outputs begin
    /// @param vectors words of an output in a group
    /// @param x where the inputs begin, with `first` the sums that groups begin with
    /// @param scales of these outputs, a panel's from one group to the next
    static void add(
            long words,
            int groups,
            int vectors,
            float[] x,
            int from,
            float[] begin,
            int first,
            float[] w,
            int scales,
            int totals) {
        FloatVector total = FloatVector.fromArray(S, w, totals);
        FloatVector other = FloatVector.fromArray(S, w, totals + L);
        long a = words;
        int i = from;
        for (int g = 0; g < groups; g++) {
            FloatVector c0 = FloatVector.broadcast(S, begin[first + g]);
            FloatVector c1 = FloatVector.zero(S);
            FloatVector c2 = c1;
            FloatVector c3 = c1;
            FloatVector d0 = c0;
            FloatVector d1 = c1;
            FloatVector d2 = c1;
            FloatVector d3 = c1;
            long end = a + (long) vectors * Int4Layout.VECTOR_BYTES;
            // Not a loop that counts: C2 would cut off its first and last turns, of which there are but eight.
            do {
                IntVector m = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
                IntVector n = IntVector.fromMemorySegment(INTS, MEMORY, a + 4L * L, ORDER);
                FloatVector x0 = FloatVector.broadcast(S, x[i + 0]);
                c0 = ((FloatVector) m.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, c0);
                d0 = ((FloatVector) n.and(0xf).convert(VectorOperators.I2F, 0)).fma(x0, d0);
                FloatVector x1 = FloatVector.broadcast(S, x[i + 1]);
                c1 = ((FloatVector) m.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, c1);
                d1 = ((FloatVector) n.and(0xf0).convert(VectorOperators.I2F, 0)).fma(x1, d1);
                FloatVector x2 = FloatVector.broadcast(S, x[i + 2]);
                c2 = ((FloatVector) m.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, c2);
                d2 = ((FloatVector) n.and(0xf00).convert(VectorOperators.I2F, 0)).fma(x2, d2);
                FloatVector x3 = FloatVector.broadcast(S, x[i + 3]);
                c3 = ((FloatVector) m.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, c3);
                d3 = ((FloatVector) n.and(0xf000).convert(VectorOperators.I2F, 0)).fma(x3, d3);
                FloatVector x4 = FloatVector.broadcast(S, x[i + 4]);
                c0 = ((FloatVector) m.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, c0);
                d0 = ((FloatVector) n.and(0xf0000).convert(VectorOperators.I2F, 0)).fma(x4, d0);
                FloatVector x5 = FloatVector.broadcast(S, x[i + 5]);
                c1 = ((FloatVector) m.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, c1);
                d1 = ((FloatVector) n.and(0xf00000).convert(VectorOperators.I2F, 0)).fma(x5, d1);
                FloatVector x6 = FloatVector.broadcast(S, x[i + 6]);
                c2 = ((FloatVector) m.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, c2);
                d2 = ((FloatVector) n.and(0xf000000).convert(VectorOperators.I2F, 0)).fma(x6, d2);
                FloatVector x7 = FloatVector.broadcast(S, x[i + 7]);
                c3 = ((FloatVector) m.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, c3);
                d3 = ((FloatVector) n.lanewise(VectorOperators.LSHR, 28).convert(VectorOperators.I2F, 0)).fma(x7, d3);
                a += Int4Layout.VECTOR_BYTES;
                i += Int4Layout.COLUMNS;
            } while (a != end);
            int scale = scales + Int4Layout.LANES * g;
            total = c0.add(c1).add(c2.add(c3)).fma(FloatVector.fromArray(S, w, scale), total);
            other = d0.add(d1).add(d2.add(d3)).fma(FloatVector.fromArray(S, w, scale + L), other);
        }
        total.intoArray(w, totals);
        other.intoArray(w, totals + L);
    }

    /// Widens the scales of a panel's groups.
    static void widen(long scales, int groups, float[] w, int to) {
        int count = groups * Int4Layout.LANES;
        Rows.read(scales, 0, 1, count, Storage.BFLOAT16, w, to, count);
    }

    /// Makes one group of `L` outputs dense: a row of `apart` floats for each column.
    static void decode(long words, int vectors, float[] w, int scale, int to, int apart) {
        FloatVector factor = FloatVector.fromArray(S, w, scale);
        long a = words;
        int i = to;
        for (int v = 0; v < vectors; v++) {
            IntVector b = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                ((FloatVector) b.and(15).convert(VectorOperators.I2F, 0))
                        .sub(Int4Layout.ZERO)
                        .mul(factor)
                        .intoArray(w, i);
                b = b.lanewise(VectorOperators.LSHR, 4);
                i += apart;
            }
            a += Int4Layout.VECTOR_BYTES;
        }
    }

    /// Makes whole words of one group of `L` outputs dense, rounded to bfloat16: a row for each column, `stride` bytes
    /// apart.
    static void round(long words, int vectors, float[] w, int scale, long to, long stride) {
        FloatVector factor = FloatVector.fromArray(S, w, scale);
        long a = words;
        long y = to;
        for (int v = 0; v < vectors; v++) {
            IntVector b = IntVector.fromMemorySegment(INTS, MEMORY, a, ORDER);
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                IntVector bits = ((FloatVector) b.and(15).convert(VectorOperators.I2F, 0))
                        .sub(Int4Layout.ZERO)
                        .mul(factor)
                        .reinterpretAsInts();
                // To nearest, ties to even, as in Rows.
                IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
                IntVector rounded = bits.add(odd.add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
                ((ShortVector) rounded.convertShape(VectorOperators.I2S, Lanes.HALVES, 0))
                        .intoMemorySegment(MEMORY, y, ORDER);
                b = b.lanewise(VectorOperators.LSHR, 4);
                y += stride;
            }
            a += Int4Layout.VECTOR_BYTES;
        }
    }
}
