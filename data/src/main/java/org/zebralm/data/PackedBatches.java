package org.zebralm.data;

import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/// Batches packed from the documents of a shard without padding, each a function of the seed and its index.
///
/// Each epoch the documents are shuffled anew and laid one after the other, this stream is cut into rows of `length`
/// tokens, and the rows come in a random order of their own: neighbouring rows of a long document, which are much
/// alike,
/// would otherwise make neighbouring steps. Every token is an input at most once an epoch; the last `numTokens %
/// length` of the
/// stream, other ones each time, are left out. A document that does not fit goes on in another row, as a new piece.
/// The target of a document's last token is ignored, since what follows is another document. Since a batch depends on
/// nothing but seed and index, a run resumes by its step alone.
///
/// Safe for use by many threads.
public final class PackedBatches {

    /// Orders kept: batches in flight touch at most the epoch under way and the next.
    private static final int MAX_ORDERS = 4;

    private final TokenShard shard;
    private final int rows;
    private final int length;
    private final long seed;
    private final int rowsPerEpoch;
    private final ConcurrentHashMap<Long, EpochOrder> orders = new ConcurrentHashMap<>();

    /// Batches of `rows` rows of `length` tokens; the shard must have the tokens of one row and stay open.
    public PackedBatches(TokenShard shard, int rows, int length, long seed) {
        if (rows < 1 || length < 1) {
            throw new IllegalArgumentException("rows and length must be positive: got " + rows + " and " + length);
        }
        if (shard.numTokens() < length) {
            throw new IllegalArgumentException("the text must fill one row of " + length + " tokens: " + shard.path()
                    + " has " + shard.numTokens() + "; give more text or a shorter length");
        }
        this.shard = shard;
        this.rowsPerEpoch = Math.toIntExact(shard.numTokens() / length);
        this.rows = rows;
        this.length = length;
        this.seed = seed;
    }

    /// The batches of an epoch, the last counted whole.
    public long batchesPerEpoch() {
        return Math.ceilDiv(rowsPerEpoch, rows);
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
            long turn = Math.addExact(Math.multiplyExact(index, rows), row);
            EpochOrder order = order(turn / rowsPerEpoch);
            long start = (long) order.row((int) (turn % rowsPerEpoch)) * length;
            for (int done = 0; done < length; ) {
                done += addPiece(order, start + done, length - done, row * length + done, inputs, targets);
                cuts.add(row * length + done);
            }
        }
        return new Batch(rows, length, inputs, targets, cuts.build().toArray());
    }

    /// Copies what one document has from a place in the epoch's stream on, up to `room` tokens; returns how many.
    private int addPiece(EpochOrder order, long offset, int room, int at, int[] inputs, int[] targets) {
        int turn = order.turnAt(offset);
        int document = order.document(turn);
        long first = shard.documentStart(document) + offset - order.start(turn);
        long end = shard.documentStart(document + 1);
        int n = (int) Math.min(room, end - first);
        shard.read(first, n, inputs, at);
        System.arraycopy(inputs, at + 1, targets, at, n - 1);
        targets[at + n - 1] = first + n < end ? shard.token(first + n) : Batch.IGNORED;
        return n;
    }

    private EpochOrder order(long epoch) {
        if (orders.size() > MAX_ORDERS) {
            orders.clear();
        }
        return orders.computeIfAbsent(epoch, e -> new EpochOrder(shard, seed, e, rowsPerEpoch));
    }
}
