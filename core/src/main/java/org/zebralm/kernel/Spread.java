package org.zebralm.kernel;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/// What the scales of [Int4Layout] need: spread over lanes, and multiplied with four sums.
final class Spread {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;

    private static final VectorShuffle<Float> BY_2 = each(2);
    private static final VectorShuffle<Float> BY_4 = each(4);
    private static final VectorShuffle<Float> BY_8 = each(8);
    private static final VectorShuffle<Float> BY_16 = each(16);

    private Spread() {}

    private static VectorShuffle<Float> each(int lanes) {
        return VectorShuffle.fromOp(S, lane -> lane / lanes);
    }

    /// Writes 16 floats: the first `each` of them are `w[from]`, the next `w[from + 1]`, and so on. Up to 16 floats at
    /// `from` are read.
    static void lanes(float[] w, int from, int each, int to) {
        for (int lane = 0; lane < 16; lane += L) {
            FloatVector v = FloatVector.fromArray(S, w, from + lane / each);
            switch (each) {
                case 1 -> v.intoArray(w, to + lane);
                case 2 -> v.rearrange(BY_2).intoArray(w, to + lane);
                case 4 -> v.rearrange(BY_4).intoArray(w, to + lane);
                case 8 -> v.rearrange(BY_8).intoArray(w, to + lane);
                default -> v.rearrange(BY_16).intoArray(w, to + lane);
            }
        }
    }

    /// Writes 16 floats as [#lanes] does, of bfloat16 numbers at an address, of which up to 16 are read.
    static void halves(long address, int each, float[] w, int to) {
        for (int lane = 0; lane < 16; lane += L) {
            FloatVector v = ((IntVector) ShortVector.fromMemorySegment(
                                    Lanes.HALVES, Rows.MEMORY, address + 2L * (lane / each), ORDER)
                            .convertShape(VectorOperators.S2I, Lanes.INTS, 0))
                    .lanewise(VectorOperators.LSHL, 16)
                    .reinterpretAsFloats();
            switch (each) {
                case 1 -> v.intoArray(w, to + lane);
                case 2 -> v.rearrange(BY_2).intoArray(w, to + lane);
                case 4 -> v.rearrange(BY_4).intoArray(w, to + lane);
                case 8 -> v.rearrange(BY_8).intoArray(w, to + lane);
                default -> v.rearrange(BY_16).intoArray(w, to + lane);
            }
        }
    }

    /// Adds to `L` lanes of each of four sums, 16 floats apart, the lanes at `a` times those at `b`.
    static void addTimes(float[] w, int a, int b, int sums) {
        for (int i = 0; i < 4 * 16; i += 16) {
            FloatVector.fromArray(S, w, a + i)
                    .fma(FloatVector.fromArray(S, w, b + i), FloatVector.fromArray(S, w, sums + i))
                    .intoArray(w, sums + i);
        }
    }

    /// Copies `L` floats to each of four sums, 16 floats apart.
    static void repeat(float[] from, int at, float[] w, int sums) {
        FloatVector v = FloatVector.fromArray(S, from, at);
        for (int i = 0; i < 4 * 16; i += 16) {
            v.intoArray(w, sums + i);
        }
    }
}
