package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import org.zebralm.data.BpeVocabulary.Merge;

/// Trains a byte-level byte-pair vocabulary.
///
/// From single bytes on, the pair of neighbouring tokens that occurs most often in the words becomes a token, again and
/// again (Sennrich et al., 2016). Of pairs equally frequent the greater wins, compared by the bytes of its left token,
/// then of its right; so the result depends on the word counts alone. A pair that occurs only once is not merged: it
/// would learn a text by heart. Where no other is left, training ends below the size asked for; compare
/// [BpeVocabulary#size].
///
/// A merge touches only the words that hold its pair: each pair knows them, and counts are kept true by difference.
/// The queue of pairs is lazy: a count that grew is entered again, one that fell is corrected when it reaches the top.
///
/// @param vocabSize the tokens to train, at least those there are before any merge: 256 bytes and the special ones
/// @param specials the tokens that stand for themselves
public record BpeTrainer(int vocabSize, SpecialTokens specials) {

    private static final long MIN_COUNT = 2;

    /// Told after each merge.
    @FunctionalInterface
    public interface Progress {
        void merged(int done, int total);
    }

    public BpeTrainer {
        int least = BpeVocabulary.minSize(specials);
        if (vocabSize < least) {
            throw new IllegalArgumentException("vocabSize must be at least " + least + " (every byte and "
                    + String.join(", ", specials.tokens()) + "): got " + vocabSize);
        }
    }

    /// A trainer with [BpeVocabulary#END_OF_TEXT] alone.
    public BpeTrainer(int vocabSize) {
        this(vocabSize, SpecialTokens.END_OF_TEXT);
    }

    /// Trains on word counts.
    public BpeVocabulary train(WordCounts words, Progress progress) {
        if (words.numWords() == 0) {
            throw new IllegalArgumentException("a tokenizer needs text to train on: there is not one word");
        }
        if (!words.specials().equals(specials)) {
            throw new IllegalArgumentException("words must be counted between the special tokens trained with, "
                    + specials.tokens() + ": got " + words.specials().tokens());
        }
        int least = BpeVocabulary.minSize(specials);
        var training = new Training(specials.size(), WordSymbols.of(words, specials.size()));
        while (training.tokens.size() < vocabSize && training.mergeMostFrequent()) {
            progress.merged(training.tokens.size() - least, vocabSize - least);
        }
        return new BpeVocabulary(words.split(), specials, training.tokens, training.merges);
    }

    /// A pair with the count it had when it was entered.
    private record Candidate(long count, int pair) {}

    private static final class Training {

        private final WordSymbols words;
        private final PairTable pairs = new PairTable();
        private final List<byte[]> tokens = new ArrayList<>();
        private final List<Merge> merges = new ArrayList<>();
        // By the bytes as Latin-1. Two merges can make the same bytes, as "a"+"aa" and "aa"+"a", and a token's
        // name in tokenizer.json must be unique: then both make the same token.
        private final Map<String, Integer> ids = new HashMap<>();
        private final PriorityQueue<Candidate> queue = new PriorityQueue<>(Comparator.comparingLong(Candidate::count)
                .thenComparing(Candidate::pair, this::compareBytes)
                .reversed());
        private final BitSet grown = new BitSet();

        Training(int numSpecials, WordSymbols words) {
            this.words = words;
            for (int i = 0; i < numSpecials; i++) {
                tokens.add(new byte[0]);
            }
            for (int b = 0; b < 256; b++) {
                idOf(new byte[] {(byte) b});
            }
            words.addPairs(pairs);
            for (int pair = 0; pair < pairs.size(); pair++) {
                queue.add(new Candidate(pairs.count(pair), pair));
            }
        }

        /// Merges one pair everywhere; returns whether there was one.
        boolean mergeMostFrequent() {
            for (Candidate top = queue.poll(); top != null; top = queue.poll()) {
                long count = pairs.count(top.pair());
                if (count == top.count() && count >= MIN_COUNT) {
                    merge(top.pair());
                    return true;
                }
                if (count < top.count()) {
                    queue.add(new Candidate(count, top.pair()));
                }
            }
            return false;
        }

        private void merge(int pair) {
            int left = pairs.left(pair);
            int right = pairs.right(pair);
            merges.add(new Merge(left, right));
            int merged = idOf(concatenate(tokens.get(left), tokens.get(right)));
            for (int word : pairs.takeWords(pair)) {
                words.merge(word, left, right, merged, pairs, grown::set);
            }
            grown.stream().forEach(p -> queue.add(new Candidate(pairs.count(p), p)));
            grown.clear();
        }

        private int idOf(byte[] token) {
            return ids.computeIfAbsent(new String(token, StandardCharsets.ISO_8859_1), _ -> {
                tokens.add(token);
                return tokens.size() - 1;
            });
        }

        private int compareBytes(int pair, int other) {
            int byLeft = Arrays.compareUnsigned(tokens.get(pairs.left(pair)), tokens.get(pairs.left(other)));
            return byLeft != 0
                    ? byLeft
                    : Arrays.compareUnsigned(tokens.get(pairs.right(pair)), tokens.get(pairs.right(other)));
        }

        private static byte[] concatenate(byte[] left, byte[] right) {
            byte[] both = Arrays.copyOf(left, left.length + right.length);
            System.arraycopy(right, 0, both, left.length, right.length);
            return both;
        }
    }
}
