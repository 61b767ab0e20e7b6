package org.zebralm.data;

import java.util.Arrays;

/// The merges of a vocabulary: for two ids that may become one, the merge's rank and the id they become.
///
/// Open addressing; a merge takes 32 bytes.
final class MergeTable {

    static final long NONE = -1;

    private final long[] pairs;
    private final long[] merges;
    private final int shift;

    MergeTable(int numMerges) {
        int capacity = Math.max(2, Integer.highestOneBit(Math.max(1, numMerges)) << 2);
        pairs = new long[capacity];
        merges = new long[capacity];
        shift = Long.SIZE - Integer.numberOfTrailingZeros(capacity);
        Arrays.fill(merges, NONE);
    }

    /// Adds a merge; of several for one pair the last counts, as in the Rust library.
    void put(int left, int right, int rank, int merged) {
        int slot = slot(left, right);
        pairs[slot] = pair(left, right);
        merges[slot] = (long) rank << Integer.SIZE | merged;
    }

    /// The rank in the upper and the merged id in the lower half, or [#NONE]: the smaller merges first.
    long get(int left, int right) {
        return merges[slot(left, right)];
    }

    private int slot(int left, int right) {
        long pair = pair(left, right);
        // Fibonacci hashing takes the upper bits, on which all bits of both ids bear.
        int slot = (int) ((pair * 0x9E3779B97F4A7C15L) >>> shift);
        while (merges[slot] != NONE && pairs[slot] != pair) {
            slot = (slot + 1) & (pairs.length - 1);
        }
        return slot;
    }

    private static long pair(int left, int right) {
        return (long) left << Integer.SIZE | right;
    }
}
