package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.PriorityQueue;

/// Encodes words by their merges, and remembers them: a text repeats its words.
///
/// For one thread at a time.
final class WordEncoder {

    /// Longer words seldom come again.
    private static final int REMEMBERED_BYTES = 64;

    /// Words remembered before all are forgotten: with their ids about 6 MiB.
    private static final int REMEMBERED_WORDS = 1 << 17;

    /// Up to this many symbols, looking through all of them for each merge is faster than a queue.
    private static final int SHORT = 48;

    private final ByteLevelBpe bpe;
    private final int[] byteIds;

    private final WordTable words = new WordTable();
    // The ids of remembered word i are ids[idEnds[i - 1]] to ids[idEnds[i]].
    private int[] idEnds = new int[1 << 10];
    private int[] ids = new int[1 << 12];
    private int[] symbols = new int[256];
    private int numSymbols;

    private int[] out = new int[1 << 12];
    private int numOut;

    WordEncoder(ByteLevelBpe bpe) {
        this.bpe = bpe;
        byteIds = bpe.byteIds();
    }

    /// The ids of a text.
    int[] encode(String text) {
        numOut = 0;
        bpe.added().forEachPart(text, this::addWords, this::add);
        return Arrays.copyOf(out, numOut);
    }

    private void addWords(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        for (int start = 0; start < utf8.length; ) {
            int end = bpe.split().wordEnd(utf8, start, utf8.length);
            addWord(utf8, start, end);
            start = end;
        }
    }

    private void addWord(byte[] text, int start, int end) {
        if (end - start > REMEMBERED_BYTES) {
            merge(text, start, end);
            add(symbols, 0, numSymbols);
            return;
        }
        if (words.size() == REMEMBERED_WORDS) {
            words.clear();
        }
        int before = words.size();
        int word = words.add(text, start, end, WordHash.of(text, start, end), 0);
        if (word == before) {
            merge(text, start, end);
            remember(word);
        }
        int from = word == 0 ? 0 : idEnds[word - 1];
        add(ids, from, idEnds[word]);
    }

    private void remember(int word) {
        int from = word == 0 ? 0 : idEnds[word - 1];
        if (word == idEnds.length) {
            idEnds = Arrays.copyOf(idEnds, 2 * word);
        }
        if (from + numSymbols > ids.length) {
            ids = Arrays.copyOf(ids, 2 * (from + numSymbols));
        }
        System.arraycopy(symbols, 0, ids, from, numSymbols);
        idEnds[word] = from + numSymbols;
    }

    private void add(int id) {
        if (numOut == out.length) {
            out = Arrays.copyOf(out, 2 * numOut);
        }
        out[numOut++] = id;
    }

    private void add(int[] from, int start, int end) {
        for (int i = start; i < end; i++) {
            add(from[i]);
        }
    }

    /// Makes `symbols` the ids of a word: again and again the earliest merge of all that apply, of equals the
    /// leftmost.
    private void merge(byte[] text, int start, int end) {
        numSymbols = end - start;
        if (symbols.length < numSymbols) {
            symbols = new int[2 * numSymbols];
        }
        if (bpe.wholeWords()) {
            Integer whole = bpe.ids().get(ByteAlphabet.write(Arrays.copyOfRange(text, start, end)));
            if (whole != null) {
                symbols[0] = whole;
                numSymbols = 1;
                return;
            }
        }
        for (int i = 0; i < numSymbols; i++) {
            symbols[i] = byteIds[Byte.toUnsignedInt(text[start + i])];
        }
        if (numSymbols <= SHORT) {
            mergeShort();
        } else {
            mergeLong();
        }
    }

    private void mergeShort() {
        while (numSymbols > 1) {
            long best = Long.MAX_VALUE;
            int at = -1;
            for (int i = 0; i + 1 < numSymbols; i++) {
                long merge = bpe.merges().get(symbols[i], symbols[i + 1]);
                if (merge != MergeTable.NONE && merge < best) {
                    best = merge;
                    at = i;
                }
            }
            if (at < 0) {
                return;
            }
            symbols[at] = (int) best;
            System.arraycopy(symbols, at + 2, symbols, at + 1, numSymbols - at - 2);
            numSymbols--;
        }
    }

    /// A merge that applied when it was entered: `merge` as in [MergeTable], of the symbol at `at` and the next.
    private record Candidate(long merge, int at, int left, int right) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int byRank = Long.compare(merge, other.merge);
            return byRank != 0 ? byRank : Integer.compare(at, other.at);
        }
    }

    private void mergeLong() {
        int[] next = new int[numSymbols];
        int[] previous = new int[numSymbols];
        var queue = new PriorityQueue<Candidate>();
        for (int i = 0; i < numSymbols; i++) {
            previous[i] = i - 1;
            next[i] = i + 1;
        }
        for (int i = 0; i + 1 < numSymbols; i++) {
            enter(i, i + 1, queue);
        }
        for (Candidate top = queue.poll(); top != null; top = queue.poll()) {
            int at = top.at();
            int right = next[at];
            // A symbol merged into its left neighbour is -1.
            if (right >= numSymbols || symbols[at] != top.left() || symbols[right] != top.right()) {
                continue;
            }
            symbols[at] = (int) top.merge();
            symbols[right] = -1;
            next[at] = next[right];
            if (next[at] < numSymbols) {
                previous[next[at]] = at;
                enter(at, next[at], queue);
            }
            if (previous[at] >= 0) {
                enter(previous[at], at, queue);
            }
        }
        int kept = 0;
        for (int i = 0; i < numSymbols; i = next[i]) {
            symbols[kept++] = symbols[i];
        }
        numSymbols = kept;
    }

    private void enter(int at, int right, PriorityQueue<Candidate> queue) {
        long merge = bpe.merges().get(symbols[at], symbols[right]);
        if (merge != MergeTable.NONE) {
            queue.add(new Candidate(merge, at, symbols[at], symbols[right]));
        }
    }
}
