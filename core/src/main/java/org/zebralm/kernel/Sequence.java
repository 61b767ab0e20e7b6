package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.Tensor;

/// One sequence's share of an attention call: some rows of the queries, and the keys they may look at.
///
/// Rows `[firstRow, firstRow + numRows)` of the queries are consecutive tokens, the first of them at
/// `position`. `keys` are in ascending order without gaps and end with the last query's own key. Training has
/// one entry per packed document; prefill and decode have one per running sequence.
public record Sequence(int firstRow, int numRows, long position, List<KeyRange> keys) {
    public Sequence {
        keys = List.copyOf(keys);
        if (firstRow < 0 || numRows < 1 || position < 0) {
            throw new IllegalArgumentException("a sequence needs firstRow >= 0, numRows >= 1, position >= 0: got "
                    + firstRow + ", " + numRows + ", " + position);
        }
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("a sequence needs at least the keys of its own queries: got none");
        }
        for (int i = 1; i < keys.size(); i++) {
            if (keys.get(i).position() != keys.get(i - 1).end()) {
                throw new IllegalArgumentException(
                        "key ranges must follow each other without gaps: got one that ends at "
                                + keys.get(i - 1).end() + " before one at "
                                + keys.get(i).position());
            }
        }
        if (keys.getLast().end() != position + numRows) {
            throw new IllegalArgumentException("the keys must end with the last query's own: got keys up to "
                    + keys.getLast().end() + " for queries up to " + (position + numRows));
        }
    }

    /// Returns the sequences of packed documents: document `i` owns rows `[lengths[i], lengths[i + 1])` of all
    /// three tensors.
    public static List<Sequence> packed(Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        Shapes.checkSame("k", k_TKH, "v", v_TKH);
        if (lengths.total() != k_TKH.size(0)) {
            throw new IllegalArgumentException(
                    "cumulative lengths must end at the number of tokens: got " + lengths.total() + " and " + k_TKH);
        }
        List<Sequence> sequences = new ArrayList<>(lengths.count());
        for (int i = 0; i < lengths.count(); i++) {
            int start = lengths.start(i);
            int length = lengths.length(i);
            var keys = new KeyRange(k_TKH.narrow(0, start, length), v_TKH.narrow(0, start, length), 0);
            sequences.add(new Sequence(start, length, 0, List.of(keys)));
        }
        return sequences;
    }

    /// Fails unless every key a span can reach is present.
    void requireReach(Span span) {
        if (keys.getFirst().position() > span.firstVisible(position)) {
            throw new IllegalArgumentException("the query at " + position + " sees keys from "
                    + span.firstVisible(position) + " on: the first key given stands at "
                    + keys.getFirst().position());
        }
    }
}
