package org.zebralm.tokenizer;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/// The pieces of a text by a SentencePiece BPE model: the neighbours whose text together has the greatest score are
/// joined, of equals those furthest left, until none are left to join.
///
/// Source: `bpe_model.cc`. Unused pieces, which SentencePiece takes apart again, are refused by [SentencePieceMerges].
final class BpeCutter implements SentencePieceEncoder.Cutter {

    private record Pair(int left, int right, int length, float score) {}

    private static final Comparator<Pair> BEST_FIRST = (a, b) -> {
        if (a.score() != b.score()) {
            return a.score() > b.score() ? -1 : 1;
        }
        return Integer.compare(a.left(), b.left());
    };

    private final List<SentencePiece> vocabulary;
    private final int unknown;
    private final ByteTrie pieces;
    private final ByteTrie userDefined;

    BpeCutter(SentencePieceVocabulary vocabulary, ByteTrie pieces, ByteTrie userDefined) {
        this.vocabulary = vocabulary.pieces();
        this.unknown = vocabulary.unknown();
        this.pieces = pieces;
        this.userDefined = userDefined;
    }

    @Override
    public SentencePieceEncoder.Cut cut(byte[] text) {
        var symbols = new Symbols(text);
        symbols.joinAll();
        return symbols.cut();
    }

    /// A text on its way from characters to pieces: a chain of symbols, those joined to the left one having no length.
    private final class Symbols {
        private final byte[] text;
        private final int[] starts;
        private final int[] lengths;
        private final int[] previous;
        private final int[] next;
        private final BitSet fixed = new BitSet();
        private final PriorityQueue<Pair> pairs = new PriorityQueue<>(BEST_FIRST);

        Symbols(byte[] text) {
            this.text = text;
            List<Integer> ends = new ArrayList<>();
            for (int at = 0; at < text.length; ) {
                int end = userDefined.longestEnd(text, at, text.length);
                if (end > at) {
                    fixed.set(ends.size());
                } else {
                    end = Math.min(text.length, at + SentencePieceEncoder.characterLength(text[at]));
                }
                ends.add(end);
                at = end;
            }
            int size = ends.size();
            this.starts = new int[size];
            this.lengths = new int[size];
            this.previous = new int[size];
            this.next = new int[size];
            for (int i = 0; i < size; i++) {
                starts[i] = i == 0 ? 0 : ends.get(i - 1);
                lengths[i] = ends.get(i) - starts[i];
                previous[i] = i - 1;
                next[i] = i + 1 < size ? i + 1 : -1;
            }
        }

        void joinAll() {
            for (int i = 1; i < starts.length; i++) {
                offer(i - 1, i);
            }
            for (Pair best = pairs.poll(); best != null; best = pairs.poll()) {
                int left = best.left();
                int right = best.right();
                boolean isThere = lengths[left] > 0 && lengths[right] > 0;
                if (!isThere || lengths[left] + lengths[right] != best.length()) {
                    continue; // one of the two has been joined to another since
                }
                lengths[left] = best.length();
                lengths[right] = 0;
                next[left] = next[right];
                if (next[right] >= 0) {
                    previous[next[right]] = left;
                }
                offer(previous[left], left);
                offer(left, next[left]);
            }
        }

        private void offer(int left, int right) {
            if (left < 0 || right < 0 || fixed.get(left) || fixed.get(right)) {
                return;
            }
            int length = lengths[left] + lengths[right];
            int id = pieces.find(text, starts[left], starts[left] + length);
            if (id == ByteTrie.NONE) {
                return;
            }
            SentencePiece piece = vocabulary.get(id);
            switch (piece.type()) {
                case NORMAL, USER_DEFINED, UNUSED -> pairs.add(new Pair(left, right, length, piece.score()));
                case UNKNOWN, CONTROL, BYTE -> {} // not made from text
            }
        }

        SentencePieceEncoder.Cut cut() {
            int size = 0;
            int[] ids = new int[starts.length];
            int[] ends = new int[starts.length];
            for (int i = 0; i >= 0; i = next[i]) {
                ends[size] = starts[i] + lengths[i];
                int id = pieces.find(text, starts[i], ends[size]);
                ids[size++] = id == ByteTrie.NONE ? unknown : id;
            }
            return new SentencePieceEncoder.Cut(ids, ends, size);
        }
    }
}
