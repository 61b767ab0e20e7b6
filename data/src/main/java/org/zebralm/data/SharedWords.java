package org.zebralm.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// The counts of all threads together, in parts by the words' hashes so that threads seldom wait for each other.
///
/// A part that has grown past its share of the memory goes to a [WordRuns] file and starts anew.
final class SharedWords implements AutoCloseable {

    private static final int PART_BITS = 6;
    private static final int NUM_PARTS = 1 << PART_BITS;

    private final List<WordTable> parts =
            IntStream.range(0, NUM_PARTS).mapToObj(_ -> new WordTable()).toList();
    private final WordRuns runs = new WordRuns(NUM_PARTS);
    private final long partMemory;

    SharedWords(long memory) {
        partMemory = memory / NUM_PARTS;
    }

    /// What is kept of all words.
    ///
    /// @param tables no word in two of them
    /// @param numDropped distinct words left out
    record Kept(List<WordTable> tables, long numDropped) {}

    /// Told a word with its count.
    @FunctionalInterface
    interface Words {
        void word(byte[] bytes, int start, int end, long count);
    }

    /// Adds a thread's words and clears its table.
    void take(WordTable local) {
        int[] ends = new int[NUM_PARTS + 1];
        for (int word = 0; word < local.size(); word++) {
            ends[partOf(local.hash(word)) + 1]++;
        }
        Arrays.parallelPrefix(ends, Integer::sum);
        int[] next = Arrays.copyOf(ends, NUM_PARTS);
        int[] byPart = new int[local.size()];
        for (int word = 0; word < local.size(); word++) {
            byPart[next[partOf(local.hash(word))]++] = word;
        }
        for (int part = 0; part < NUM_PARTS; part++) {
            add(local, byPart, ends[part], ends[part + 1], part);
        }
        local.clear();
    }

    private void add(WordTable local, int[] words, int from, int to, int index) {
        WordTable part = parts.get(index);
        synchronized (part) {
            for (int i = from; i < to; i++) {
                int word = words[i];
                part.add(local.bytes(), local.start(word), local.end(word), local.hash(word), local.count(word));
            }
            if (part.memory() > partMemory) {
                runs.write(index, part);
                part.clear();
            }
        }
    }

    /// All words, or if they are more than `maxWords`, those of the highest counts: of words equally frequent all or
    /// none. To be asked once, when every thread is done.
    Kept keep(long maxWords) {
        var numWords = new TreeMap<Long, Long>();
        for (int part = 0; part < NUM_PARTS; part++) {
            forEach(part, (_, _, _, count) -> numWords.merge(count, 1L, Long::sum));
        }
        long kept = 0;
        long leastCount = Long.MAX_VALUE;
        for (var ofCount : numWords.descendingMap().entrySet()) {
            if (kept + ofCount.getValue() > maxWords) {
                break;
            }
            kept += ofCount.getValue();
            leastCount = ofCount.getKey();
        }
        long all = numWords.values().stream().mapToLong(Long::longValue).sum();
        if (all > 0 && kept == 0) {
            throw new IllegalArgumentException(
                    "maxWords must hold the " + numWords.lastEntry().getValue()
                            + " most frequent words, which are equally frequent: got " + maxWords);
        }
        List<WordTable> tables = new ArrayList<>();
        for (int part = 0; part < NUM_PARTS; part++) {
            tables.add(keep(part, leastCount, kept == all));
        }
        return new Kept(tables, all - kept);
    }

    private WordTable keep(int part, long leastCount, boolean all) {
        if (all && runs.isEmpty(part)) {
            return parts.get(part);
        }
        var table = new WordTable();
        forEach(part, (bytes, start, end, count) -> {
            if (count >= leastCount) {
                table.add(bytes, start, end, WordHash.of(bytes, start, end), count);
            }
        });
        return table;
    }

    private void forEach(int part, Words words) {
        WordTable table = parts.get(part);
        if (!runs.isEmpty(part)) {
            if (table.size() > 0) {
                runs.write(part, table);
                table.clear();
            }
            runs.forEach(part, words);
            return;
        }
        for (int word = 0; word < table.size(); word++) {
            words.word(table.bytes(), table.start(word), table.end(word), table.count(word));
        }
    }

    private static int partOf(int hash) {
        return hash >>> (Integer.SIZE - PART_BITS);
    }

    @Override
    public void close() {
        runs.close();
    }
}
