package org.zebralm.data;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import org.zebralm.tokenizer.WellFormed;

/// How often each word occurs in a text; all that training a tokenizer needs to know of it.
///
/// The words are those of a [SplitPattern]. The literal `<|endoftext|>` is no word: the encoder takes it out of a text
/// before splitting, and so it is done here.
///
/// @param split how the words were cut
/// @param counts occurrences by word, in no particular order
public record WordCounts(SplitPattern split, Map<String, Long> counts) {

    /// Characters one task counts: enough to be worth a task, small enough that a few fit in memory.
    private static final int TASK_CHARACTERS = 1 << 20;

    private static final Pattern END_OF_TEXT = Pattern.compile(BpeVocabulary.END_OF_TEXT, Pattern.LITERAL);

    public WordCounts {
        counts = Map.copyOf(counts);
    }

    /// Counts the words of a text.
    public static WordCounts of(String text, SplitPattern split) {
        var counts = new HashMap<String, Long>();
        count(text, split, counts);
        return new WordCounts(split, counts);
    }

    /// Counts the words of all documents, on all cores.
    ///
    /// @param progress told the characters read so far, after each document
    public static WordCounts of(DocumentSource source, SplitPattern split, LongConsumer progress) {
        var counting = new Counting(split, progress);
        try (counting) {
            source.forEach(counting::add);
            counting.submit();
        }
        return counting.result();
    }

    private static void count(String text, SplitPattern split, Map<String, Long> counts) {
        END_OF_TEXT
                .splitAsStream(WellFormed.of(text).text())
                .forEach(part -> split.forEachWord(part, word -> counts.merge(word, 1L, Long::sum)));
    }

    /// Documents gathered into tasks for a pool. Sums do not depend on who adds first, so the result is the same
    /// for any number of threads.
    private static final class Counting implements AutoCloseable {

        private final int numThreads = Runtime.getRuntime().availableProcessors();
        private final ExecutorService pool = Executors.newFixedThreadPool(numThreads);
        // The reader waits when it is ahead, or the whole text would queue up in memory.
        private final Semaphore room = new Semaphore(2 * numThreads);
        private final Map<String, Long> total = new HashMap<>();
        private final SplitPattern split;
        private final LongConsumer progress;
        private final List<CompletableFuture<Void>> tasks = new ArrayList<>();
        private List<String> texts = new ArrayList<>();
        private long gathered;
        private long characters;

        Counting(SplitPattern split, LongConsumer progress) {
            this.split = split;
            this.progress = progress;
        }

        void add(Document document) {
            texts.add(document.text());
            gathered += document.text().length();
            characters += document.text().length();
            progress.accept(characters);
            if (gathered >= TASK_CHARACTERS) {
                submit();
            }
        }

        void submit() {
            List<String> task = texts;
            texts = new ArrayList<>();
            gathered = 0;
            room.acquireUninterruptibly();
            Runnable counting = () -> {
                try {
                    var counts = new HashMap<String, Long>();
                    task.forEach(text -> count(text, split, counts));
                    synchronized (total) {
                        counts.forEach((word, count) -> total.merge(word, count, Long::sum));
                    }
                } finally {
                    room.release();
                }
            };
            tasks.add(CompletableFuture.runAsync(counting, pool));
        }

        @Override
        public void close() {
            pool.close();
        }

        WordCounts result() {
            // A task that failed throws here; a count that misses part of the text is no count.
            tasks.forEach(CompletableFuture::join);
            synchronized (total) {
                return new WordCounts(split, total);
            }
        }
    }
}
