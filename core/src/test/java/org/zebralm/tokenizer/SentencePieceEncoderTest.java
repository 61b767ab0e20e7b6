package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// The encoder against plain loops; against SentencePiece itself it is held by [SentencePieceModelTest].
class SentencePieceEncoderTest {

    private static final String LETTERS = "abcé日🦓";

    @Test
    void unigramPiecesAreTheLikeliestOfAllCuts() {
        var random = new SplittableRandom(3);
        for (int round = 0; round < 200; round++) {
            SentencePieceVocabulary vocabulary = vocabulary(random, false);
            var cutter = new UnigramCutter(vocabulary, trie(vocabulary));
            for (int i = 0; i < 10; i++) {
                String text = word(random, 9);
                double best = best(vocabulary, text, new HashMap<>());
                assertThat(score(vocabulary, text, cutter.cut(utf8(text))))
                        .as(text)
                        .isCloseTo(best, within(1e-4));
            }
        }
    }

    /// The greatest sum of any cut, in double precision: the definition.
    private static double best(SentencePieceVocabulary vocabulary, String text, Map<String, Double> known) {
        if (text.isEmpty()) {
            return 0;
        }
        Double before = known.get(text);
        if (before != null) {
            return before;
        }
        double best = Double.NEGATIVE_INFINITY;
        for (int end = text.offsetByCodePoints(0, 1); ; end = text.offsetByCodePoints(end, 1)) {
            double score = score(vocabulary, text.substring(0, end));
            if (score > Double.NEGATIVE_INFINITY) {
                best = Math.max(best, score + best(vocabulary, text.substring(end), known));
            }
            if (end == text.length()) {
                known.put(text, best);
                return best;
            }
        }
    }

    private static double score(SentencePieceVocabulary vocabulary, String piece) {
        int id = vocabulary.idOf(piece).orElse(-1);
        if (id > 0) {
            return vocabulary.pieces().get(id).score();
        }
        double min = vocabulary.pieces().stream()
                .skip(1)
                .mapToDouble(SentencePiece::score)
                .min()
                .orElseThrow();
        return piece.codePointCount(0, piece.length()) == 1 ? min - 10 : Double.NEGATIVE_INFINITY;
    }

    private static double score(SentencePieceVocabulary vocabulary, String text, SentencePieceEncoder.Cut cut) {
        byte[] bytes = utf8(text);
        double sum = 0;
        int start = 0;
        for (int i = 0; i < cut.size(); i++) {
            String piece = new String(bytes, start, cut.end(i) - start, StandardCharsets.UTF_8);
            assertThat(cut.id(i)).isEqualTo(vocabulary.idOf(piece).orElse(0));
            sum += score(vocabulary, piece);
            start = cut.end(i);
        }
        assertThat(start).isEqualTo(bytes.length);
        return sum;
    }

    @Test
    void bpePiecesAreThoseOfJoiningTheBestPairAgainAndAgain() {
        var random = new SplittableRandom(4);
        int numJoined = 0;
        for (int round = 0; round < 200; round++) {
            SentencePieceVocabulary vocabulary = vocabulary(random, true);
            var cutter = new BpeCutter(vocabulary, trie(vocabulary), new ByteTrie(List.of()));
            for (int i = 0; i < 10; i++) {
                String text = word(random, 30);
                List<String> symbols = joined(vocabulary, text);
                SentencePieceEncoder.Cut cut = cutter.cut(utf8(text));
                List<Integer> ids = new ArrayList<>();
                for (int at = 0; at < cut.size(); at++) {
                    ids.add(cut.id(at));
                }
                assertThat(ids)
                        .as(text)
                        .isEqualTo(symbols.stream()
                                .map(symbol -> vocabulary.idOf(symbol).orElse(0))
                                .toList());
                numJoined += text.codePointCount(0, text.length()) - symbols.size();
            }
        }
        assertThat(numJoined).isGreaterThan(1000);
    }

    private static List<String> joined(SentencePieceVocabulary vocabulary, String text) {
        List<String> symbols =
                new ArrayList<>(text.codePoints().mapToObj(Character::toString).toList());
        while (true) {
            int best = -1;
            float bestScore = 0;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                int id = vocabulary.idOf(symbols.get(i) + symbols.get(i + 1)).orElse(-1);
                if (id > 0 && (best < 0 || vocabulary.pieces().get(id).score() > bestScore)) {
                    best = i;
                    bestScore = vocabulary.pieces().get(id).score();
                }
            }
            if (best < 0) {
                return symbols;
            }
            symbols.set(best, symbols.get(best) + symbols.remove(best + 1));
        }
    }

    /// The rules of `oracle/sentencepiece_fixtures.py`, followed by a plain loop.
    @Test
    void rulesReplaceTheLongestString() {
        Map<String, String> rules = Map.of(
                "ﬁ", "fi", "Ａ", "A", "\u3000", " ", "\u00A0", " ", "\t", " ", "\n", " ", "\u200B", "", "\u00E9",
                "e\u0301");
        SentencePieceText of = SentencePieceModel.parse(
                        SentencePieceFixture.read("rules").model())
                .text();
        var normalizer = new SentencePieceNormalizer(
                new SentencePieceText(of.charsmap(), false, false, true), new ByteTrie(List.of("Ａﬁ", "Ａ\u0302")));
        var random = new SplittableRandom(5);
        List<String> parts = new ArrayList<>(rules.keySet());
        parts.addAll(List.of("a", " ", "\u0302", "🦓", "▁", "\u200D"));
        for (int i = 0; i < 2000; i++) {
            var text = new StringBuilder();
            for (int n = random.nextInt(12); n >= 0; n--) {
                text.append(parts.get(random.nextInt(parts.size())));
            }
            var expected = new StringBuilder();
            for (int at = 0; at < text.length(); ) {
                String next = Character.toString(text.codePointAt(at));
                String two = text.substring(at, Math.min(text.length(), at + 2));
                boolean isPiece = two.equals("Ａﬁ") || two.equals("Ａ\u0302");
                String taken = isPiece ? two : next;
                expected.append(isPiece ? two : rules.getOrDefault(next, next));
                at += taken.length();
            }
            byte[] bytes = utf8(text.toString());
            assertThat(new String(normalizer.normalize(bytes, 0, bytes.length), StandardCharsets.UTF_8))
                    .as(text.toString())
                    .isEqualTo(expected.toString().replace(' ', '▁'));
        }
    }

    @Test
    void damagedRulesAreRefusedInWordsOrFollowed() {
        byte[] whole = Base64.getDecoder()
                .decode(Objects.requireNonNull(SentencePieceModel.parse(
                                SentencePieceFixture.read("rules").model())
                        .text()
                        .charsmap()));
        byte[] text = utf8("a\u3000ﬁ\u00A0é\u200BＡz\n");
        var random = new SplittableRandom(6);
        int numRefused = 0;
        for (int i = 0; i < 50_000; i++) {
            byte[] map = random.nextInt(4) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length)) : whole.clone();
            for (int n = random.nextInt(4); n >= 0 && map.length > 0; n--) {
                map[random.nextInt(random.nextInt(4) > 0 ? map.length : Math.min(map.length, 64))] =
                        (byte) random.nextInt();
            }
            String base64 = Base64.getEncoder().encodeToString(map);
            try {
                var normalizer = new SentencePieceNormalizer(
                        new SentencePieceText(base64, true, true, true), new ByteTrie(List.of()));
                assertThat(normalizer.normalize(text, 0, text.length).length).isLessThan(text.length * 4096);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("precompiled_charsmap");
                numRefused++;
            }
        }
        assertThat(numRefused).isBetween(5_000, 45_000);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new CharsMap(new byte[] {4, 0, 0, 0, 1, 2, 3, 4}))
                .withMessageContaining("it has 8 bytes, 4 of them");
    }

    private static SentencePieceVocabulary vocabulary(SplittableRandom random, boolean equalScores) {
        List<SentencePiece> pieces = new ArrayList<>();
        pieces.add(new SentencePiece("<unk>", 0, SentencePiece.Type.UNKNOWN));
        List<String> texts = new ArrayList<>();
        for (int n = 4 + random.nextInt(20); n > 0; n--) {
            String text = word(random, 4);
            if (!texts.contains(text)) {
                texts.add(text);
                float score = equalScores ? -random.nextInt(4) : -20 * (float) random.nextDouble();
                pieces.add(new SentencePiece(text, score, SentencePiece.Type.NORMAL));
            }
        }
        return new SentencePieceVocabulary(pieces);
    }

    private static String word(SplittableRandom random, int maxLength) {
        int[] letters = LETTERS.codePoints().toArray();
        var word = new StringBuilder();
        for (int n = 1 + random.nextInt(maxLength); n > 0; n--) {
            word.appendCodePoint(letters[random.nextInt(1 + random.nextInt(letters.length))]); // the first most often
        }
        return word.toString();
    }

    private static ByteTrie trie(SentencePieceVocabulary vocabulary) {
        return new ByteTrie(
                vocabulary.pieces().stream().map(SentencePiece::text).toList());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
