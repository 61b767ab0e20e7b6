package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The merges that make the pieces of a SentencePiece BPE model, which lists pieces with scores only.
///
/// SentencePiece joins the two neighbours whose text together has the greatest score, of equals those furthest left.
/// So each way to part a piece into two is a merge, in the order of the pieces' scores; ways to part the same piece
/// have no order there and have that of their ids here, as transformers wrote them. Pieces of equal score have that of
/// their ids too, where SentencePiece takes the one furthest left in each text: see [SentencePieceEncoder#isNeededFor].
final class SentencePieceMerges {

    /// Trainers stop at 16 unless told otherwise; the time to part a piece grows with the square.
    private static final int MAX_LENGTH = 256;

    private record Merge(int left, int right) {}

    private record Merged(SentencePiece piece, List<Merge> merges) {}

    private final SentencePieceVocabulary vocabulary;
    private final Map<String, Integer> symbols = new HashMap<>();
    private final String[] names;

    /// @throws IllegalArgumentException if no list of merges can do what SentencePiece does
    SentencePieceMerges(SentencePieceVocabulary vocabulary) {
        this.vocabulary = vocabulary;
        this.names = new String[vocabulary.size()];
        for (int id = 0; id < names.length; id++) {
            SentencePiece piece = vocabulary.pieces().get(id);
            names[id] = piece.text();
            boolean isCharacter = piece.text().codePointCount(0, piece.text().length()) == 1;
            switch (piece.type()) {
                case NORMAL -> symbols.put(piece.text(), id);
                case UNKNOWN, CONTROL, UNUSED -> {
                    if (isCharacter) {
                        symbols.put(piece.text(), id);
                    }
                }
                case USER_DEFINED, BYTE -> {} // neither is joined to anything
            }
        }
        vocabulary.pieces().forEach(this::requireCharacters);
    }

    /// How the vocabulary of tokenizer.json writes an id: as its piece, but for bytes that take part in merges, which
    /// it must know as the characters they are (the tabulator of Gemma).
    String name(int id) {
        return names[id];
    }

    private void requireCharacters(SentencePiece piece) {
        String text = piece.text();
        if (piece.type() != SentencePiece.Type.NORMAL || text.codePointCount(0, text.length()) == 1) {
            return;
        }
        if (text.length() > MAX_LENGTH) {
            throw new IllegalArgumentException("a piece must have at most %d characters: got %d, \"%s...\""
                    .formatted(MAX_LENGTH, text.length(), text.substring(0, 40)));
        }
        text.codePoints().forEach(character -> {
            String single = Character.toString(character);
            if (symbols.containsKey(single) || vocabulary.idOf(single).isPresent()) {
                return; // the latter is user-defined: never joined, so that nothing makes this piece
            }
            int id = character < 0x80
                    ? vocabulary
                            .idOf(SentencePieceVocabulary.textOfByte(character))
                            .orElse(-1)
                    : -1;
            if (id < 0) {
                throw new IllegalArgumentException(
                        "each character of a piece must be a piece: \"%s\" needs U+%04X, which is none; remove the"
                                        .formatted(text, character)
                                + " piece or mark it user-defined");
            }
            names[id] = single;
            symbols.put(single, id);
        });
    }

    /// Writes the merges, first to last.
    void addTo(ArrayNode array) {
        List<Merged> all = new ArrayList<>();
        boolean areWords = true;
        for (SentencePiece piece : vocabulary.pieces()) {
            areWords &= !piece.text().contains(" ");
            List<Merge> merges = merges(piece);
            if (!merges.isEmpty()) {
                all.add(new Merged(piece, merges));
            }
        }
        all.sort(Comparator.comparingDouble((Merged merged) -> -merged.piece().score()));
        for (Merged merged : all) {
            for (Merge merge : merged.merges()) {
                if (areWords) {
                    array.add(names[merge.left()] + " " + names[merge.right()]);
                } else {
                    array.addArray().add(names[merge.left()]).add(names[merge.right()]);
                }
            }
        }
    }

    private List<Merge> merges(SentencePiece piece) {
        String text = piece.text();
        boolean isMade = piece.type() == SentencePiece.Type.NORMAL || piece.type() == SentencePiece.Type.UNUSED;
        if (!isMade || text.length() > MAX_LENGTH) {
            return List.of();
        }
        List<Merge> merges = new ArrayList<>();
        for (int i = text.offsetByCodePoints(0, 1); i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            Integer left = symbols.get(text.substring(0, i));
            Integer right = symbols.get(text.substring(i));
            if (left != null && right != null) {
                merges.add(new Merge(left, right));
            }
        }
        if (!merges.isEmpty() && piece.type() == SentencePiece.Type.UNUSED) {
            throw new IllegalArgumentException(
                    "an unused piece must not be made from others, which tokenizer.json cannot undo: got \"" + text
                            + "\"");
        }
        merges.sort(Comparator.comparingInt(Merge::left).thenComparingInt(Merge::right));
        return merges;
    }
}
