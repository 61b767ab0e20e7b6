package org.zebralm.tokenizer;

import java.util.Arrays;

/// The likeliest pieces of a text, by a unigram model.
///
/// Viterbi's algorithm over the bytes of the text, in single precision and with sums rounded before they are compared,
/// as in SentencePiece 0.2.2: of two cuts that differ by less, both must take the same one. (Up to 0.2.1 its source
/// compares before it rounds, which takes others.) Source: `EncodeOptimized` in `unigram_model.cc`.
final class UnigramCutter implements SentencePieceEncoder.Cutter {

    /// How much less likely than the rarest piece a character is that has none.
    private static final float UNKNOWN_PENALTY = 10f;

    private final ByteTrie pieces;
    private final SentencePiece.Type[] types;
    private final float[] scores;
    private final int unknown;
    private final float unknownScore;
    private final float maxScore;

    UnigramCutter(SentencePieceVocabulary vocabulary, ByteTrie pieces) {
        this.pieces = pieces;
        this.unknown = vocabulary.unknown();
        this.types = new SentencePiece.Type[vocabulary.size()];
        this.scores = new float[types.length];
        float min = Float.MAX_VALUE;
        float max = Float.MIN_NORMAL; // C's FLT_MIN, which SentencePiece begins with
        for (int id = 0; id < types.length; id++) {
            SentencePiece piece = vocabulary.pieces().get(id);
            types[id] = piece.type();
            scores[id] = piece.score();
            if (piece.type() == SentencePiece.Type.NORMAL) {
                min = Math.min(min, piece.score());
                max = Math.max(max, piece.score());
            }
        }
        this.unknownScore = min - UNKNOWN_PENALTY;
        this.maxScore = max;
    }

    @Override
    public SentencePieceEncoder.Cut cut(byte[] text) {
        var paths = new Paths(text.length);
        int start = 0;
        while (start < text.length) {
            float before = paths.scores[start];
            int single = Math.min(SentencePieceEncoder.characterLength(text[start]), text.length - start);
            boolean hasSingle = false;
            int node = ByteTrie.ROOT;
            for (int end = start + 1; end <= text.length; end++) {
                node = pieces.child(node, text[end - 1]);
                if (node == ByteTrie.NONE) {
                    break;
                }
                int id = pieces.value(node);
                if (id == ByteTrie.NONE) {
                    continue;
                }
                float score;
                switch (types[id]) {
                    case NORMAL -> score = scores[id];
                    case USER_DEFINED -> score = (float) ((end - start) * maxScore - 0.1);
                    default -> {
                        continue; // not made from text
                    }
                }
                paths.offer(start, end, id, score + before);
                hasSingle |= end - start == single;
            }
            if (!hasSingle) {
                paths.offer(start, start + single, unknown, unknownScore + before);
            }
            start += single;
        }
        return paths.best();
    }

    /// The best way to each byte.
    private static final class Paths {
        private final int[] ids;
        private final float[] scores;
        private final int[] starts;

        Paths(int length) {
            this.ids = new int[length + 1];
            this.scores = new float[length + 1];
            this.starts = new int[length + 1];
            Arrays.fill(starts, -1);
        }

        void offer(int start, int end, int id, float score) {
            if (starts[end] < 0 || score > scores[end]) {
                scores[end] = score;
                starts[end] = start;
                ids[end] = id;
            }
        }

        SentencePieceEncoder.Cut best() {
            int size = 0;
            for (int end = starts.length - 1; end > 0; end = starts[end]) {
                size++;
            }
            int[] cutIds = new int[size];
            int[] ends = new int[size];
            int i = size;
            for (int end = starts.length - 1; end > 0; end = starts[end]) {
                ends[--i] = end;
                cutIds[i] = ids[end];
            }
            return new SentencePieceEncoder.Cut(cutIds, ends, size);
        }
    }
}
