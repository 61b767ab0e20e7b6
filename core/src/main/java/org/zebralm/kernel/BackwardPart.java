package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;

/// The rows of one backward task, the same for every head, and which keys' gradients it shares with other
/// parts.
///
/// A part adds to the gradients of keys `[firstKey, endRow)`. Those of `[row, ownEnd)` are its alone and go
/// straight to the result. The ones before, its halo, belong to earlier parts, and later parts reach back into
/// `[ownEnd, endRow)`: these wait in [Halos].
///
/// @param slot where the part's shared rows begin, in rows, among those of one head
record BackwardPart(int row, int endRow, int firstKey, int ownEnd, int slot) {
    int sharedRows() {
        return row - firstKey + endRow - ownEnd;
    }

    /// Returns the row of a shared key's gradient among those of one head.
    int slotOf(int key) {
        return slot + (key < row ? key - firstKey : row - firstKey + key - ownEnd);
    }

    /// Cuts a run so that `numHeads` heads keep `numThreads` threads equally busy, and no finer.
    ///
    /// Depends on nothing else, so that sums have the same order on every run.
    static List<BackwardPart> cut(KeyRun run, int window, int numHeads, int numThreads) {
        int count = 1;
        while (numHeads * count % numThreads != 0 && numHeads * count < 3 * numThreads) {
            count++;
        }
        int[] cuts = cuts(run, window, Math.min(count, (run.numRows() + Lanes.BLOCK - 1) / Lanes.BLOCK));
        List<BackwardPart> parts = new ArrayList<>();
        int slot = 0;
        for (int i = 0; i + 1 < cuts.length; i++) {
            int firstKey = run.firstVisible(cuts[i], window);
            int ownEnd = i + 2 < cuts.length ? Math.max(cuts[i], run.firstVisible(cuts[i + 1], window)) : cuts[i + 1];
            var part = new BackwardPart(cuts[i], cuts[i + 1], firstKey, Math.min(ownEnd, cuts[i + 1]), slot);
            slot += part.sharedRows();
            parts.add(part);
        }
        return parts;
    }

    private static int[] cuts(KeyRun run, int window, int count) {
        int blocks = (run.numRows() + Lanes.BLOCK - 1) / Lanes.BLOCK;
        double[] pairs = new double[blocks + 1];
        for (int b = 0; b < blocks; b++) {
            int row = Math.min(b * Lanes.BLOCK + Lanes.BLOCK / 2, run.numRows() - 1);
            pairs[b + 1] = pairs[b] + run.lastVisible(row) - run.firstVisible(row, window) + 1;
        }
        int[] cuts = new int[count + 1];
        int used = 1;
        int block = 0;
        for (int i = 1; i < count; i++) {
            while (pairs[block] < pairs[blocks] * i / count) {
                block++;
            }
            int cut = nearDocument(run, block * Lanes.BLOCK, run.numRows() / count / 8);
            if (cut > cuts[used - 1] && cut < run.numRows()) {
                cuts[used++] = cut;
            }
        }
        cuts[used++] = run.numRows();
        return java.util.Arrays.copyOf(cuts, used);
    }

    /// Returns the start of a document near `row`, since nothing is shared across it, or `row` itself.
    private static int nearDocument(KeyRun run, int row, int distance) {
        int best = row;
        int least = distance + 1;
        for (int i = 1; i < run.numDocuments(); i++) {
            int away = Math.abs(run.documentRow(i) - row);
            if (away < least) {
                least = away;
                best = run.documentRow(i);
            }
        }
        return best;
    }
}
