package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import org.zebralm.tokenizer.WellFormed;

/// Counts words on several threads.
///
/// Each thread counts into a small table that its core's cache holds, and empties it into the one all share
/// ([SharedWords]) when it is full. Counts are exact; where the shared one outgrows its memory it goes to temporary
/// files. Sums do not depend on who adds first, so the result is the same for any number of threads and any memory.
///
/// A trainer holds every distinct word in memory, about 130 bytes for each. Of more than `maxWords`, the rarest are
/// dropped, all those of a count together: the one thing here that is not exact, and [WordCounts#numDropped] tells.
///
/// @param split cuts the words
/// @param specials what is no word
/// @param numThreads that count, beside the one that reads
/// @param memory bytes that counted words may take before they go to files; twice that while these are put together
/// @param maxWords distinct words to keep at most
public record WordCounter(SplitPattern split, SpecialTokens specials, int numThreads, long memory, long maxWords) {

    /// Distinct words kept unless told otherwise. A gigabyte of English has about a fifth of it.
    public static final long MAX_WORDS = 16_000_000;

    /// Characters one task counts: enough to be worth a task, small enough that a few fit in memory.
    private static final int TASK_CHARACTERS = 1 << 20;

    /// Words a thread counts by itself: about 2 MiB.
    private static final int LOCAL_WORDS = 1 << 15;

    public WordCounter {
        if (numThreads < 1) {
            throw new IllegalArgumentException("numThreads must be at least 1: got " + numThreads);
        }
        if (memory < 1) {
            throw new IllegalArgumentException("memory must be at least 1 byte: got " + memory);
        }
        if (maxWords < 1) {
            throw new IllegalArgumentException("maxWords must be at least 1: got " + maxWords);
        }
    }

    /// A counter on all cores, with a quarter of Java's memory.
    public static WordCounter of(SplitPattern split, SpecialTokens specials) {
        Runtime runtime = Runtime.getRuntime();
        return new WordCounter(split, specials, runtime.availableProcessors(), runtime.maxMemory() / 4, MAX_WORDS);
    }

    /// This counter with another bound on distinct words.
    public WordCounter withMaxWords(long words) {
        return new WordCounter(split, specials, numThreads, memory, words);
    }

    /// Counts the words of all documents.
    ///
    /// @param progress told the characters read so far, after each document
    public WordCounts count(DocumentSource source, LongConsumer progress) {
        try (var words = new SharedWords(memory)) {
            try (var counting = new Counting(words, progress)) {
                source.forEach(counting::add);
                counting.finish();
            }
            SharedWords.Kept kept = words.keep(maxWords);
            return new WordCounts(split, specials, kept.tables(), kept.numDropped());
        }
    }

    /// Documents gathered into tasks for a pool.
    private final class Counting implements AutoCloseable {

        private final ExecutorService pool = Executors.newFixedThreadPool(numThreads);
        // The reader waits when it is ahead, or the whole text would queue up in memory.
        private final Semaphore room = new Semaphore(2 * numThreads);
        private final ConcurrentLinkedQueue<WordTable> locals = new ConcurrentLinkedQueue<>();
        private final List<CompletableFuture<Void>> tasks = new ArrayList<>();
        private final SharedWords words;
        private final LongConsumer progress;
        private List<String> texts = new ArrayList<>();
        private long gathered;
        private long characters;

        Counting(SharedWords words, LongConsumer progress) {
            this.words = words;
            this.progress = progress;
        }

        void add(Document document) {
            for (String part : specials.cut(WellFormed.of(document.text()).text())) {
                // The words of the pieces are those of the whole, and a large document keeps all threads busy.
                TextPieces.cut(part, TASK_CHARACTERS).forEach(this::gather);
            }
            characters += document.text().length();
            progress.accept(characters);
        }

        private void gather(String text) {
            texts.add(text);
            gathered += text.length();
            if (gathered >= TASK_CHARACTERS) {
                submit();
            }
        }

        private void submit() {
            List<String> task = texts;
            texts = new ArrayList<>();
            gathered = 0;
            tasks.removeIf(done -> done.isDone() && !done.isCompletedExceptionally());
            room.acquireUninterruptibly();
            tasks.add(CompletableFuture.runAsync(
                    () -> {
                        try {
                            count(task);
                        } finally {
                            room.release();
                        }
                    },
                    pool));
        }

        private void count(List<String> task) {
            WordTable taken = locals.poll();
            WordTable local = taken == null ? new WordTable() : taken;
            for (String text : task) {
                byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                for (int start = 0; start < utf8.length; ) {
                    int end = split.wordEnd(utf8, start, utf8.length);
                    local.add(utf8, start, end, WordHash.of(utf8, start, end), 1);
                    start = end;
                    if (local.size() >= LOCAL_WORDS) {
                        words.take(local);
                    }
                }
            }
            locals.add(local);
        }

        /// Counts what is left; a task that failed throws here, for a count that misses part of the text is none.
        void finish() {
            submit();
            try {
                tasks.forEach(CompletableFuture::join);
            } catch (CompletionException e) {
                switch (e.getCause()) {
                    case RuntimeException cause -> throw cause;
                    case Error cause -> throw cause;
                    case null, default -> throw e;
                }
            }
            locals.forEach(words::take);
        }

        @Override
        public void close() {
            pool.shutdownNow();
            pool.close();
        }
    }
}
