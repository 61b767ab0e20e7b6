package org.zebralm.data;

import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToLongFunction;

/// Documents in the random order of one epoch, found by their place in it: about 4 bytes a document.
final class EpochOrder {

    /// Starts are kept of one document in this many; those between are summed up.
    private static final int STRIDE = 64;

    private final int[] documents;
    private final long[] starts;
    private final IntToLongFunction length;

    EpochOrder(int numDocuments, IntToLongFunction length, Random random) {
        this.documents = Seeds.shuffled(numDocuments, random);
        this.starts = new long[Math.ceilDiv(numDocuments, STRIDE)];
        this.length = length;
        long start = 0;
        for (int turn = 0; turn < numDocuments; turn++) {
            if (turn % STRIDE == 0) {
                starts[turn / STRIDE] = start;
            }
            start += length.applyAsLong(documents[turn]);
        }
    }

    int numDocuments() {
        return documents.length;
    }

    int document(int turn) {
        return documents[turn];
    }

    /// Calls back with the document that holds the epoch's token at `offset`, and those after it, each with its
    /// start, as long as the visitor asks for more.
    void visitFrom(long offset, Visitor visitor) {
        int found = Arrays.binarySearch(starts, offset);
        // Every document has a token, so starts ascend and an exact hit is unique.
        int block = found >= 0 ? found : -found - 2;
        long start = starts[block];
        for (int turn = block * STRIDE; turn < documents.length; turn++) {
            long end = start + length.applyAsLong(documents[turn]);
            if (end > offset && !visitor.visit(documents[turn], start, end)) {
                return;
            }
            start = end;
        }
    }

    /// Told a document and where in the epoch it starts and ends; returns whether to go on.
    @FunctionalInterface
    interface Visitor {
        boolean visit(int document, long start, long end);
    }
}
