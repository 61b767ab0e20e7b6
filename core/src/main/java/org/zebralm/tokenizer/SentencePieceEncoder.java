package org.zebralm.tokenizer;

import java.util.Arrays;
import java.util.stream.IntStream;

/// Text to the ids of a SentencePiece model, exactly as the C++ library makes them.
///
/// For the models whose ids no `tokenizer.json` gives ([#isNeededFor]). Control pieces are not looked for; that is the
/// business of [AddedTokens]. Memory grows with the text.
///
/// Source: `sentencepiece_processor.cc`. Safe for use by many threads.
final class SentencePieceEncoder {

    /// Cuts a normalized text into pieces.
    interface Cutter {
        Cut cut(byte[] text);
    }

    /// The pieces of a text: each one's id, and the byte before which it ends.
    static final class Cut {
        private final int[] ids;
        private final int[] ends;
        private final int size;

        /// @param size how many of the numbers count
        Cut(int[] ids, int[] ends, int size) {
            this.ids = ids;
            this.ends = ends;
            this.size = size;
        }

        int size() {
            return size;
        }

        int id(int i) {
            return ids[i];
        }

        int end(int i) {
            return ends[i];
        }
    }

    private final SentencePieceNormalizer normalizer;
    private final Cutter cutter;
    private final int unknown;
    private final int[] byteIds;

    /// @throws IllegalArgumentException if the model cannot be used, saying why
    SentencePieceEncoder(SentencePieceModel model) {
        SentencePieceVocabulary vocabulary = model.vocabulary();
        var userDefined = new ByteTrie(vocabulary.userDefined());
        var pieces = new ByteTrie(
                vocabulary.pieces().stream().map(SentencePiece::text).toList());
        this.normalizer = new SentencePieceNormalizer(model.text(), userDefined);
        this.cutter = switch (model.algorithm()) {
            case UNIGRAM -> new UnigramCutter(vocabulary, pieces);
            case BPE -> new BpeCutter(vocabulary, pieces, userDefined);
            case WORD, CHAR ->
                throw new IllegalArgumentException(
                        "a SentencePiece model must be of type BPE or UNIGRAM: got " + model.algorithm());
        };
        this.unknown = vocabulary.unknown();
        this.byteIds = !vocabulary.hasBytes()
                ? new int[0]
                : IntStream.range(0, 256)
                        .map(b -> vocabulary
                                .idOf(SentencePieceVocabulary.textOfByte(b))
                                .orElseThrow())
                        .toArray();
    }

    /// Whether the Rust library would give other ids of some text than SentencePiece.
    ///
    /// It does for unigram models (it adds in double precision, and makes pieces of the names of bytes), where a
    /// `precompiled_charsmap` has rules (it drops what a rule does not cover of a character with marks), for
    /// user-defined pieces where texts get a blank before them, and for BPE pieces of equal score.
    static boolean isNeededFor(SentencePieceModel model) {
        SentencePieceVocabulary vocabulary = model.vocabulary();
        return model.algorithm() == SentencePieceModel.Algorithm.UNIGRAM
                || model.text().charsmap() != null
                || (model.text().dummyPrefix() && !vocabulary.userDefined().isEmpty())
                || hasEqualScores(vocabulary);
    }

    private static boolean hasEqualScores(SentencePieceVocabulary vocabulary) {
        double[] scores = vocabulary.pieces().stream()
                .filter(piece -> piece.type() == SentencePiece.Type.NORMAL)
                // Characters are there from the beginning and are not made of others.
                .filter(piece -> piece.text().codePointCount(0, piece.text().length()) > 1)
                .mapToDouble(SentencePiece::score)
                .toArray();
        return Arrays.stream(scores).distinct().count() < scores.length;
    }

    /// The ids of a part of a text that stands in UTF-8.
    int[] encode(byte[] text, int from, int to) {
        byte[] normalized = normalizer.normalize(text, from, to);
        if (normalized.length == 0) {
            return new int[0];
        }
        Cut cut = cutter.cut(normalized);
        int[] ids = new int[byteIds.length == 0 ? cut.size() : numIds(cut)];
        int size = 0;
        int start = 0;
        for (int i = 0; i < cut.size(); i++) {
            int end = cut.end(i);
            int id = cut.id(i);
            if (id == unknown && byteIds.length > 0) {
                for (int at = start; at < end; at++) {
                    ids[size++] = byteIds[normalized[at] & 0xFF];
                }
            } else if (id != unknown || size == 0 || ids[size - 1] != unknown) {
                ids[size++] = id; // a run of unknown pieces is one
            }
            start = end;
        }
        return Arrays.copyOf(ids, size);
    }

    private int numIds(Cut cut) {
        int size = 0;
        int start = 0;
        for (int i = 0; i < cut.size(); i++) {
            size += cut.id(i) == unknown ? cut.end(i) - start : 1;
            start = cut.end(i);
        }
        return size;
    }

    /// How many bytes a character has that begins with this one.
    static int characterLength(byte first) {
        int high = (first & 0xFF) >>> 4;
        return switch (high) {
            case 0xC, 0xD -> 2;
            case 0xE -> 3;
            case 0xF -> 4;
            default -> 1;
        };
    }
}
