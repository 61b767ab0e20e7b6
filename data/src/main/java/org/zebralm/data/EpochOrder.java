package org.zebralm.data;

import java.util.Arrays;
import java.util.Random;

/// The documents of a shard in the order of one epoch, and the order in which the rows cut from them come.
///
/// Both orders are a function of the seed and the epoch alone: `java.util.Random`'s algorithm is part of its contract,
/// so
/// they are the same in every JDK.
final class EpochOrder {

    private final int[] documents;
    private final long[] starts;
    private final int[] rows;

    EpochOrder(TokenShard shard, long seed, long epoch, int numRows) {
        int n = shard.numDocuments();
        // The multiplier keeps (seed, epoch) and (seed + 1, epoch - 1) apart.
        var random = new Random(seed * 0x9E3779B97F4A7C15L + epoch);
        documents = shuffled(n, random);
        rows = shuffled(numRows, random);
        starts = new long[n + 1];
        for (int i = 0; i < n; i++) {
            starts[i + 1] = starts[i] + shard.documentLength(documents[i]);
        }
    }

    private static int[] shuffled(int n, Random random) {
        int[] order = new int[n];
        Arrays.setAll(order, i -> i);
        for (int i = n - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        return order;
    }

    /// Which row of the epoch's tokens comes at a turn.
    int row(int turn) {
        return rows[turn];
    }

    /// Which in order is the document that holds the epoch's token at `offset`.
    int turnAt(long offset) {
        int found = Arrays.binarySearch(starts, offset);
        // Every document has a token, so starts ascend and an exact hit is unique.
        return found >= 0 ? found : -found - 2;
    }

    int document(int turn) {
        return documents[turn];
    }

    /// Where in the epoch the document of this turn starts.
    long start(int turn) {
        return starts[turn];
    }
}
