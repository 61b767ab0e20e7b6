package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zebralm.tokenizer.SentencePiece;

/// The merges of a `tokenizer.json`, first to last, and what llama.cpp makes of them in its two kinds of BPE.
final class GgufMerges {
    record Merge(String left, String right) {
        String joined() {
            return left + right;
        }
    }

    private final Map<Merge, Integer> ranks = new HashMap<>();
    private final List<Merge> merges = new ArrayList<>();

    /// @throws IllegalArgumentException if one is no pair of texts
    GgufMerges(JsonNode list) {
        for (JsonNode merge : list) {
            String text = merge.asText();
            int blank = text.indexOf(' ', 1);
            if (!(merge.isArray() && merge.size() == 2) && blank < 0) {
                throw new IllegalArgumentException("merges must be pairs of tokens: got " + merge);
            }
            Merge pair = merge.isArray()
                    ? new Merge(merge.path(0).asText(), merge.path(1).asText())
                    : new Merge(text.substring(0, blank), text.substring(blank + 1));
            ranks.putIfAbsent(pair, merges.size());
            merges.add(pair);
        }
    }

    /// Returns them as byte-level BPE lists them.
    List<String> lines() {
        return merges.stream().map(merge -> merge.left() + " " + merge.right()).toList();
    }

    /// Returns a token that merges do not make of its own characters, or an empty text if there is none: where there is
    /// none, it makes no difference whether a word that is a token is taken whole.
    String unreachable(GgufVocabulary vocabulary) {
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            String token = vocabulary.tokens().get(id);
            if (vocabulary.types().get(id) == SentencePiece.Type.NORMAL
                    && merged(token).size() > 1) {
                return token;
            }
        }
        return "";
    }

    private List<String> merged(String word) {
        List<String> parts = new ArrayList<>();
        word.codePoints().forEach(character -> parts.add(Character.toString(character)));
        while (parts.size() > 1) {
            int best = -1;
            int bestRank = Integer.MAX_VALUE;
            for (int i = 0; i + 1 < parts.size(); i++) {
                int rank = ranks.getOrDefault(new Merge(parts.get(i), parts.get(i + 1)), Integer.MAX_VALUE);
                if (rank < bestRank) {
                    best = i;
                    bestRank = rank;
                }
            }
            if (best < 0) {
                return parts;
            }
            parts.set(best, parts.get(best) + parts.remove(best + 1));
        }
        return parts;
    }

    /// Returns scores by which SentencePiece joins the same pieces in the same order: it takes the two neighbours whose
    /// text together has the greatest, whatever they are.
    ///
    /// @throws IllegalArgumentException if no scores can say what the merges do
    float[] scores(GgufVocabulary vocabulary) {
        Map<String, Integer> places = places();
        Map<String, SentencePiece.Type> types = new HashMap<>();
        for (int id = 0; id < vocabulary.tokens().size(); id++) {
            types.put(vocabulary.tokens().get(id), vocabulary.types().get(id));
        }
        float[] scores = new float[vocabulary.tokens().size()];
        for (int id = 0; id < scores.length; id++) {
            String token = vocabulary.tokens().get(id);
            if (vocabulary.types().get(id) == SentencePiece.Type.NORMAL) {
                requireAllWays(token, types);
            }
            scores[id] = -places.getOrDefault(token, places.size());
        }
        return scores;
    }

    /// Returns which place each piece has among those that are made, some perhaps sharing one.
    private Map<String, Integer> places() {
        Map<String, Integer> last = new HashMap<>();
        for (int i = 0; i < merges.size(); i++) {
            last.put(merges.get(i).joined(), i);
        }
        Map<String, Integer> places = new HashMap<>();
        Set<String> shared = new LinkedHashSet<>();
        int end = 0;
        int place = 0;
        for (int i = 0; i < merges.size(); i++) {
            String joined = merges.get(i).joined();
            if (i > end) {
                requireRuns(shared, last.keySet());
                shared.clear();
                place++;
            }
            end = Math.max(Math.max(end, i), last.getOrDefault(joined, i));
            shared.add(joined);
            places.put(joined, place);
        }
        requireRuns(shared, last.keySet());
        return places;
    }

    /// Pieces that are made by turns must be runs of one character, each of every length: those are joined to one
    /// piece in any order, up to the longest (Gemma's blanks).
    private static void requireRuns(Set<String> pieces, Set<String> made) {
        if (pieces.size() <= 1) {
            return;
        }
        for (String piece : pieces) {
            String shorter = piece.substring(piece.offsetByCodePoints(0, 1));
            boolean isRun = piece.codePoints().distinct().count() == 1;
            boolean isShortest = shorter.codePointCount(0, shorter.length()) == 1;
            if (!isRun || !(isShortest || made.contains(shorter))) {
                throw new IllegalArgumentException("merges must make one piece after the other to be said by scores: \""
                        + piece + "\" is made by turns with others");
            }
        }
    }

    private void requireAllWays(String token, Map<String, SentencePiece.Type> types) {
        int length = token.length();
        for (int i = token.offsetByCodePoints(0, 1); i < length; i = token.offsetByCodePoints(i, 1)) {
            Merge way = new Merge(token.substring(0, i), token.substring(i));
            boolean isPossible = types.get(way.left()) == SentencePiece.Type.NORMAL
                    && types.get(way.right()) == SentencePiece.Type.NORMAL;
            if (isPossible && !ranks.containsKey(way)) {
                throw new IllegalArgumentException("merges must make each piece in every way there is to be said by"
                        + " scores: none joins \"" + way.left() + "\" and \"" + way.right() + '"');
            }
        }
    }
}
