package org.zebralm.data;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.zebralm.data.BpeVocabulary.Merge;

/// Byte-pair training and encoding as the definition reads, with every pair counted anew each step: the oracle.
final class SlowBpe {

    private SlowBpe() {}

    /// The merges of a vocabulary of `vocabSize`, each as its two byte strings in Latin-1.
    static List<List<String>> train(Map<String, Long> wordCounts, int vocabSize) {
        Map<List<String>, Long> words = new HashMap<>();
        wordCounts.forEach((word, count) -> words.merge(bytes(word), count, Long::sum));
        List<List<String>> merges = new ArrayList<>();
        var distinct = new HashSet<String>();
        while (BpeVocabulary.MIN_SIZE + distinct.size() < vocabSize) {
            Map<List<String>, Long> pairs = new HashMap<>();
            words.forEach((word, count) -> {
                for (int i = 0; i + 1 < word.size(); i++) {
                    pairs.merge(List.of(word.get(i), word.get(i + 1)), count, Long::sum);
                }
            });
            // Latin-1 strings compare as their bytes do.
            var best = pairs.entrySet().stream().max((a, b) -> {
                int byCount = Long.compare(a.getValue(), b.getValue());
                int byLeft = a.getKey().getFirst().compareTo(b.getKey().getFirst());
                int byRight = a.getKey().getLast().compareTo(b.getKey().getLast());
                return byCount != 0 ? byCount : byLeft != 0 ? byLeft : byRight;
            });
            if (best.isEmpty() || best.get().getValue() < 2) {
                break;
            }
            List<String> pair = best.get().getKey();
            merges.add(pair);
            distinct.add(pair.getFirst() + pair.getLast());
            Map<List<String>, Long> merged = new HashMap<>();
            words.forEach((word, count) -> merged.merge(apply(pair, word), count, Long::sum));
            words.clear();
            words.putAll(merged);
        }
        return merges;
    }

    /// The ids of a text: in each word, the earliest merge that applies, from the left, until none does.
    static int[] encode(BpeVocabulary vocabulary, String text) {
        Map<String, Integer> ids = new HashMap<>();
        for (int id = 0; id < vocabulary.size(); id++) {
            ids.put(latin1(vocabulary.tokens().get(id)), id);
        }
        List<List<String>> merges = names(vocabulary);
        List<Integer> encoded = new ArrayList<>();
        RegexWords.of(vocabulary.split(), text).forEach(word -> {
            List<String> symbols = bytes(word);
            for (List<String> pair : merges) {
                symbols = apply(pair, symbols);
            }
            symbols.forEach(symbol -> encoded.add(ids.get(symbol)));
        });
        return encoded.stream().mapToInt(Integer::intValue).toArray();
    }

    static List<List<String>> names(BpeVocabulary vocabulary) {
        return vocabulary.merges().stream()
                .map((Merge merge) -> List.of(
                        latin1(vocabulary.tokens().get(merge.left())),
                        latin1(vocabulary.tokens().get(merge.right()))))
                .toList();
    }

    private static List<String> apply(List<String> pair, List<String> word) {
        List<String> merged = new ArrayList<>();
        for (int i = 0; i < word.size(); i++) {
            if (i + 1 < word.size() && word.subList(i, i + 2).equals(pair)) {
                merged.add(word.get(i) + word.get(++i));
            } else {
                merged.add(word.get(i));
            }
        }
        return merged;
    }

    private static List<String> bytes(String word) {
        return latin1(word.getBytes(StandardCharsets.UTF_8))
                .chars()
                .mapToObj(Character::toString)
                .toList();
    }

    private static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
