package org.zebralm.data;

/// Every distinct word as the tokens it consists of so far.
///
/// One array holds them all; a merge shortens a word in place.
final class WordSymbols {

    /// The most elements an array has.
    private static final int MAX_SYMBOLS = Integer.MAX_VALUE - 8;

    private final int[] symbols;
    private final int[] starts;
    private final int[] lengths;
    private final long[] counts;

    private WordSymbols(int numWords, int numSymbols) {
        symbols = new int[numSymbols];
        starts = new int[numWords];
        lengths = new int[numWords];
        counts = new long[numWords];
    }

    /// The words as bytes, before any merge.
    ///
    /// @param firstByte the id of byte 0
    static WordSymbols of(WordCounts wordCounts, int firstByte) {
        long numSymbols = 0;
        for (WordTable table : wordCounts.tables()) {
            numSymbols += table.size() == 0 ? 0 : table.end(table.size() - 1);
        }
        if (numSymbols > MAX_SYMBOLS) {
            throw new IllegalArgumentException("distinct words must have at most " + MAX_SYMBOLS
                    + " bytes together to be trained on: got " + numSymbols + "; keep fewer words");
        }
        var words = new WordSymbols(Math.toIntExact(wordCounts.numWords()), (int) numSymbols);
        int word = 0;
        int end = 0;
        for (WordTable table : wordCounts.tables()) {
            byte[] bytes = table.bytes();
            for (int i = 0; i < table.size(); i++, word++) {
                words.starts[word] = end;
                words.lengths[word] = table.end(i) - table.start(i);
                words.counts[word] = table.count(i);
                for (int at = table.start(i); at < table.end(i); at++) {
                    words.symbols[end++] = firstByte + Byte.toUnsignedInt(bytes[at]);
                }
            }
        }
        return words;
    }

    /// Counts every pair of neighbours.
    void addPairs(PairTable pairs) {
        for (int word = 0; word < starts.length; word++) {
            for (int i = starts[word]; i < starts[word] + lengths[word] - 1; i++) {
                pairs.add(symbols[i], symbols[i + 1], counts[word], word);
            }
        }
    }

    /// What a merge did to a pair's count.
    @FunctionalInterface
    interface Grown {
        void pair(int pair);
    }

    /// Replaces each `left right` of a word, from its start on, by `merged`, and keeps the counts true.
    ///
    /// @param grown told each pair that occurs more often than before
    void merge(int word, int left, int right, int merged, PairTable pairs, Grown grown) {
        int start = starts[word];
        int end = start + lengths[word];
        long count = counts[word];
        int out = start;
        int in = start;
        while (in < end) {
            if (symbols[in] != left || in + 1 == end || symbols[in + 1] != right) {
                symbols[out++] = symbols[in++];
                continue;
            }
            pairs.remove(left, right, count);
            if (out > start) {
                int before = symbols[out - 1];
                pairs.remove(before, left, count);
                grown.pair(pairs.add(before, merged, count, word));
            }
            if (in + 2 < end) {
                int after = symbols[in + 2];
                pairs.remove(right, after, count);
                grown.pair(pairs.add(merged, after, count, word));
            }
            symbols[out++] = merged;
            in += 2;
        }
        lengths[word] = out - start;
    }
}
