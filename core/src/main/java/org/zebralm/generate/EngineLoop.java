package org.zebralm.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.zebralm.cache.PagePool;
import org.zebralm.cache.PagedCache;
import org.zebralm.cache.PrefixMatch;
import org.zebralm.cache.PrefixTree;
import org.zebralm.cache.PrefixUse;
import org.zebralm.model.PageLayout;

/// Which sequences are computed when: what an [Engine] does on its thread, a turn at a time.
///
/// A turn takes up waiting requests for which there is memory, computes one chunk of one prompt, those that are under
/// way taking turns, and one token of every sequence whose prompt is done. A prompt that begins like one under way
/// waits until that has computed what both share.
///
/// A request is taken up when the pages that it may come to need fit into the budget beside those that running
/// sequences hold or may come to need; so none that was taken up has to stop for memory. Later requests do not overtake
/// one that waits for memory.
///
/// Owned by one thread.
final class EngineLoop {
    /// Less than this in common is not worth waiting for.
    private static final int LEAST_COMMON = 32;

    private final ModelSteps steps;
    private final EngineConfig config;
    private final int grid;
    private final PagePool pool;
    private final PrefixTree tree;
    private final Deque<EngineSequence> waiting = new ArrayDeque<>();
    private final Deque<EngineSequence> prefilling = new ArrayDeque<>();
    private final List<EngineSequence> decoding = new ArrayList<>();
    private long promptTokens;
    private long reusedTokens;
    private long recomputedTokens;
    private long generatedTokens;
    private long requests;
    private long failures;

    /// @param grid what chunks are aligned to, 1 for nothing
    EngineLoop(ModelSteps steps, EngineConfig config, PagePool pool, int grid) {
        this.steps = steps;
        this.config = config;
        this.grid = grid;
        this.pool = pool;
        tree = new PrefixTree(pool, config.windowInterval(), grid);
    }

    PrefixTree tree() {
        return tree;
    }

    void submit(EngineSequence sequence) {
        waiting.addLast(sequence);
        requests++;
    }

    boolean hasWork() {
        return !waiting.isEmpty() || !prefilling.isEmpty() || !decoding.isEmpty();
    }

    /// Returns the bytes that a sequence needs at most if it shares nothing.
    static long mostBytes(PageLayout layout, int total, int chunk) {
        return layout.globalBytesUpTo(total) + layout.mostLocalPages(total, chunk) * layout.localBytes();
    }

    int longestChunk() {
        return grid > 1 ? grid : Math.max(config.prefillChunk(), config.mixedChunk());
    }

    /// Does one turn's work.
    void turn() {
        endCancelled();
        takeUp();
        prefill();
        decode();
    }

    private void endCancelled() {
        long now = System.nanoTime();
        endCancelled(waiting.iterator(), now);
        endCancelled(prefilling.iterator(), now);
        endCancelled(decoding.iterator(), now);
    }

    private void endCancelled(Iterator<EngineSequence> sequences, long now) {
        while (sequences.hasNext()) {
            EngineSequence sequence = sequences.next();
            boolean isPast = sequence.isPast(now);
            if (isPast || sequence.live().isCancelled()) {
                sequences.remove();
                sequence.end(isPast ? FinishReason.DEADLINE : FinishReason.STOPPED);
                sequence.close(); // what it computed of its prompt is kept
            }
        }
    }

    // --- Taking up ---

    private void takeUp() {
        Iterator<EngineSequence> requested = waiting.iterator();
        while (requested.hasNext() && prefilling.size() + decoding.size() < config.maxRunning()) {
            EngineSequence sequence = requested.next();
            boolean reuses = config.reusesPrefixes() && !sequence.sampling().promptLogprobs();
            PrefixMatch match = reuses ? tree.match(sequence.prompt()) : PrefixMatch.NOTHING;
            if (reuses && waitsForAnother(sequence, match)) {
                continue;
            }
            long needed = tree.bytesNeeded(match, sequence.mostTokens(steps.maxPositions()), longestChunk());
            if (pool.pinned() + futureBytes() + needed > pool.budget()) {
                if (prefilling.isEmpty() && decoding.isEmpty() && match.reused() > 0) {
                    match =
                            PrefixMatch
                                    .NOTHING; // copies need room beside what they copy: alone it fits, as was checked
                } else {
                    return;
                }
            }
            requested.remove();
            begin(sequence, match, reuses);
        }
    }

    /// Returns whether a prompt under way is about to compute more of this one than is there.
    private boolean waitsForAnother(EngineSequence sequence, PrefixMatch match) {
        for (EngineSequence other : prefilling) {
            int common = sequence.commonLength(other) / grid * grid;
            if (common >= match.reused() + LEAST_COMMON && other.cache().length() < common) {
                other.want(common);
                return true;
            }
        }
        return false;
    }

    private long futureBytes() {
        int positions = steps.maxPositions();
        long bytes = 0;
        for (EngineSequence sequence : prefilling) {
            bytes += sequence.cache().futureBytes(sequence.mostTokens(positions), longestChunk());
        }
        for (EngineSequence sequence : decoding) {
            bytes += sequence.cache().futureBytes(sequence.mostTokens(positions), 1);
        }
        return bytes;
    }

    private void begin(EngineSequence sequence, PrefixMatch match, boolean reuses) {
        PrefixUse use = match.use(sequence.promptLength());
        if (!reuses) {
            PrefixUse.Limit limit = config.reusesPrefixes() ? PrefixUse.Limit.LOGPROBS : PrefixUse.Limit.DISABLED;
            use = new PrefixUse(sequence.promptLength(), 0, 0, 0, limit);
        }
        try {
            sequence.begin(tree, match, use, System.nanoTime());
            prefilling.addLast(sequence);
            promptTokens += use.promptTokens();
            reusedTokens += use.reused();
            recomputedTokens += use.recomputed();
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(sequence, e);
        }
    }

    // --- Computing ---

    private void prefill() {
        EngineSequence sequence = prefilling.pollFirst();
        if (sequence == null) {
            return;
        }
        PagedCache cache = sequence.cache();
        int from = cache.length();
        int to = Math.min(chunkEnd(from), from < cache.globalLength() ? cache.globalLength() : sequence.promptLength());
        try {
            boolean isLast = to == sequence.promptLength();
            boolean goesOn = steps.prefill(sequence, from, to, isLast);
            keep(sequence, isLast && goesOn);
            if (!isLast) {
                prefilling.addLast(sequence);
            } else if (goesOn) {
                generatedTokens++;
                decoding.add(sequence);
            } else {
                generatedTokens++;
                finish(sequence);
            }
        } catch (RuntimeException | OutOfMemoryError e) {
            fail(sequence, e);
        }
    }

    private int chunkEnd(int from) {
        if (grid > 1) {
            return (from / grid + 1) * grid;
        }
        return from + (decoding.isEmpty() ? config.prefillChunk() : config.mixedChunk());
    }

    private void keep(EngineSequence sequence, boolean isEnd) {
        if (config.reusesPrefixes()) {
            int length = sequence.cache().length();
            if (grid > 1) {
                length = Math.min(length, sequence.promptLength()) / grid * grid;
            }
            if (length > 0) {
                sequence.keep(tree, length, isEnd);
            }
        }
    }

    private void decode() {
        if (decoding.isEmpty()) {
            return;
        }
        List<EngineSequence> done = new ArrayList<>();
        try {
            steps.decode(decoding, done);
            generatedTokens += decoding.size();
        } catch (RuntimeException | OutOfMemoryError e) {
            decodeEachAlone(e, done);
        }
        decoding.removeAll(done);
        done.forEach(this::finish);
    }

    /// After a step that failed: whose step fails alone as well is to blame, and the others go on.
    private void decodeEachAlone(Throwable failure, List<EngineSequence> done) {
        for (EngineSequence sequence : List.copyOf(decoding)) {
            try {
                steps.decode(List.of(sequence), done);
                generatedTokens++;
            } catch (RuntimeException | OutOfMemoryError e) {
                e.addSuppressed(failure);
                decoding.remove(sequence);
                fail(sequence, e);
            }
        }
    }

    private void finish(EngineSequence sequence) {
        keep(sequence, true);
        sequence.close();
    }

    private void fail(EngineSequence sequence, Throwable failure) {
        failures++;
        sequence.close();
        sequence.live()
                .fail(
                        failure instanceof GenerationException
                                ? failure
                                : new GenerationException("the request failed: " + failure.getMessage(), failure));
    }

    /// Ends everything: an engine that closes.
    void close() {
        var closed = new GenerationException("the engine was closed");
        for (EngineSequence sequence : waiting) {
            fail(sequence, closed);
        }
        for (EngineSequence sequence : prefilling) {
            fail(sequence, closed);
        }
        for (EngineSequence sequence : decoding) {
            fail(sequence, closed);
        }
        waiting.clear();
        prefilling.clear();
        decoding.clear();
        tree.clear();
    }

    EngineStats stats() {
        return new EngineStats(
                prefilling.size() + decoding.size(),
                waiting.size(),
                pool.budget(),
                pool.used(),
                pool.mostUsed(),
                pool.pinned(),
                tree.numTokens(),
                promptTokens,
                reusedTokens,
                recomputedTokens,
                generatedTokens,
                requests,
                failures,
                tree.numEvicted());
    }
}
