package org.zebralm.data;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The documents of some shards within some lengths, epoch after epoch without end, each epoch in an order of
/// its own.
///
/// A place in the stream is a number of tokens: `epoch * numTokens` is where an epoch starts. What is there is
/// a function of the seed. Safe for use by many threads.
final class DocumentStream {

    /// Orders kept: segments in flight touch at most the epoch under way and the next.
    private static final int MAX_ORDERS = 4;

    private final List<TokenShard> shards;
    private final int[] firstDocuments;
    private final int @Nullable [] chosen;
    private final int numDocuments;
    private final long numTokens;
    private final long longest;
    private final long seed;
    private final int id;
    private final ConcurrentHashMap<Long, EpochOrder> orders = new ConcurrentHashMap<>();

    /// The documents of at least `minTokens` and fewer than `belowTokens` tokens.
    ///
    /// @param id tells the streams of one seed apart
    DocumentStream(List<TokenShard> shards, long minTokens, long belowTokens, long seed, int id) {
        this.shards = List.copyOf(shards);
        this.seed = seed;
        this.id = id;
        this.firstDocuments = new int[shards.size() + 1];
        for (int shard = 0; shard < shards.size(); shard++) {
            firstDocuments[shard + 1] =
                    Math.addExact(firstDocuments[shard], shards.get(shard).numDocuments());
        }
        int all = firstDocuments[shards.size()];
        int[] fitting = new int[all];
        int n = 0;
        long tokens = 0;
        long most = 0;
        for (int document = 0; document < all; document++) {
            long length = lengthOf(document);
            if (length >= minTokens && length < belowTokens) {
                fitting[n++] = document;
                tokens += length;
                most = Math.max(most, length);
            }
        }
        this.chosen = n == all ? null : Arrays.copyOf(fitting, n);
        this.numDocuments = n;
        this.numTokens = tokens;
        this.longest = most;
    }

    long numTokens() {
        return numTokens;
    }

    /// The tokens of the longest document.
    long longest() {
        return longest;
    }

    /// The pieces of at most `maxTokens` into which documents are cut, those that start from `from` on and
    /// before `to`.
    void startingIn(long from, long to, int maxTokens, Consumer<Piece> sink) {
        visit(from, to, (document, start, end) -> {
            long skipped = Math.max(0, Math.ceilDiv(from - start, (long) maxTokens));
            for (long at = start + skipped * maxTokens; at < Math.min(end, to); at += maxTokens) {
                sink.accept(piece(document, at - start, Math.min(maxTokens, end - at)));
            }
        });
    }

    /// The documents from `from` to `to`, the first and the last cut there if need be.
    void within(long from, long to, Consumer<Piece> sink) {
        visit(from, to, (document, start, end) -> {
            long first = Math.max(start, from);
            sink.accept(piece(document, first - start, Math.min(end, to) - first));
        });
    }

    private void visit(long from, long to, DocumentVisitor visitor) {
        for (long epoch = from / numTokens; epoch * numTokens < to; epoch++) {
            long base = epoch * numTokens;
            order(epoch).visitFrom(Math.max(0, from - base), (document, start, end) -> {
                visitor.visit(document, base + start, base + end);
                return base + end < to;
            });
        }
    }

    private EpochOrder order(long epoch) {
        if (orders.size() > MAX_ORDERS) {
            orders.clear();
        }
        return orders.computeIfAbsent(
                epoch, e -> new EpochOrder(numDocuments, i -> lengthOf(numberOf(i)), Seeds.random(seed, id, e)));
    }

    private int numberOf(int index) {
        return chosen == null ? index : chosen[index];
    }

    private long lengthOf(int number) {
        int shard = shardOf(number);
        return shards.get(shard).documentLength(number - firstDocuments[shard]);
    }

    private Piece piece(int index, long from, long length) {
        int number = numberOf(index);
        int shard = shardOf(number);
        return new Piece(shards.get(shard), number - firstDocuments[shard], from, Math.toIntExact(length));
    }

    private int shardOf(int number) {
        // The last of equal entries: empty shards begin where the next one does.
        int low = 0;
        int high = shards.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (firstDocuments[middle] <= number) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    @FunctionalInterface
    private interface DocumentVisitor {
        void visit(int document, long start, long end);
    }
}
