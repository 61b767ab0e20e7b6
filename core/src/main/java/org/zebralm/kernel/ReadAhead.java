package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/// Brings memory into a core's own cache, before code that computes for long between two reads comes to it.
///
/// A processor keeps as many reads under way as its window of instructions holds. A loop that does nothing else fills
/// that with reads, over the edges of pages too, whose addresses take as long to find as the data; a loop that
/// computes has a few of them, and none while it computes.
final class ReadAhead {
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();

    /// What a processor fetches at a time.
    private static final int LINE = 64;

    private ReadAhead() {}

    /// Reads `count` rows of `bytes`, `stride` bytes apart; returns a number without meaning, which has to go somewhere
    /// lest the compiler leave the reads out.
    static int rows(long from, long stride, int count, long bytes) {
        if (stride == bytes) {
            return lines(from, (int) (count * bytes / LINE));
        }
        int sum = 0;
        for (int i = 0; i < count; i++) {
            sum += lines(from + i * stride, (int) (bytes / LINE));
        }
        return sum;
    }

    private static int lines(long from, int count) {
        IntVector sum = IntVector.zero(INTS);
        for (int i = 0; i < count; i++) {
            sum = sum.add(IntVector.fromMemorySegment(INTS, MEMORY, from + (long) LINE * i, ORDER));
        }
        return sum.lane(0);
    }
}
