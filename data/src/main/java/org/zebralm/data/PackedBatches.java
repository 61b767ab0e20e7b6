package org.zebralm.data;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/// Batches packed from the documents of a mixture, each a function of the seed and its index.
///
/// Documents come in shuffled epochs of their source (of their stratum, where it has several), and rows in
/// random order within a segment of up to 4096: neighbouring rows of a long document, which are much alike,
/// would otherwise make neighbouring steps. How documents become rows is [Packing]'s choice; in either case no
/// token is left out and none comes more often than its epochs. The target of a document's last token is
/// ignored, since what follows is another document; the target of a cut document's last token is the one it
/// goes on with. Since a batch depends on nothing but seed and index, a run resumes by its step alone: of
/// earlier batches nothing but the plan of the segment is needed.
///
/// Safe for use by many threads.
public final class PackedBatches {

    /// Plans kept: batches in flight touch at most the segment under way and the next.
    private static final int MAX_PLANS = 3;

    private final Segments segments;
    private final int endOfText;
    private final int rows;
    private final int length;
    private final ConcurrentHashMap<Long, List<List<Piece>>> plans = new ConcurrentHashMap<>();

    /// Batches of `rows` rows of `length` tokens; the mixture's shards must stay open.
    public PackedBatches(Mixture mixture, Packing packing, int rows, int length, long seed) {
        if (rows < 1 || length < 1) {
            throw new IllegalArgumentException("rows and length must be positive: got " + rows + " and " + length);
        }
        if (mixture.numTokens() < length) {
            throw new IllegalArgumentException("the text must fill one row of " + length + " tokens: "
                    + mixture.sources().getFirst().name()
                    + (mixture.sources().size() > 1 ? " and the others have " : " has ")
                    + mixture.numTokens() + "; give more text or a shorter length");
        }
        Math.multiplyExact(rows, length);
        this.segments = new Segments(mixture, packing, length, seed);
        this.endOfText = mixture.endOfText();
        this.rows = rows;
        this.length = length;
    }

    /// Batches of one shard, packed sequentially.
    public PackedBatches(TokenShard shard, int rows, int length, long seed) {
        this(Mixture.of(shard.path().toString(), List.of(shard)), Packing.SEQUENTIAL, rows, length, seed);
    }

    /// What packing does to these documents.
    public PackingReport report() {
        return segments.report();
    }

    /// The rows that are planned together.
    int rowsPerSegment() {
        return segments.numRows();
    }

    /// The batch at an index, from 0 on without end.
    public Batch batch(long index) {
        if (index < 0) {
            throw new IllegalArgumentException("a batch index must not be negative: got " + index);
        }
        int[] inputs = new int[rows * length];
        int[] targets = new int[rows * length];
        var cuts = IntStream.builder().add(0);
        for (int row = 0; row < rows; row++) {
            int at = row * length;
            int end = at + length;
            for (Piece piece : row(Math.addExact(Math.multiplyExact(index, rows), row))) {
                piece.copy(inputs, targets, at);
                at += piece.length();
                cuts.add(at);
            }
            if (at < end) {
                Arrays.fill(inputs, at, end, endOfText);
                Arrays.fill(targets, at, end, Batch.IGNORED);
                cuts.add(end);
            }
        }
        return new Batch(rows, length, inputs, targets, cuts.build().toArray());
    }

    private List<Piece> row(long row) {
        return plan(row / segments.numRows()).get((int) (row % segments.numRows()));
    }

    private List<List<Piece>> plan(long segment) {
        if (plans.size() > MAX_PLANS) {
            plans.clear();
        }
        return plans.computeIfAbsent(segment, segments::rows);
    }
}
