package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The pieces of a SentencePiece model in the order of their ids: each text once, one of them unknown, bytes all or
/// none.
public final class SentencePieceVocabulary {

    static final int MAX_SIZE = 1 << 21;

    private final List<SentencePiece> pieces;
    private final Map<String, Integer> ids;
    private final int unknown;
    private final boolean hasBytes;

    /// @throws IllegalArgumentException if SentencePiece itself would refuse these pieces
    public SentencePieceVocabulary(List<SentencePiece> pieces) {
        if (pieces.isEmpty() || pieces.size() > MAX_SIZE) {
            throw new IllegalArgumentException(
                    "a vocabulary must have 1 to %d pieces: got %d".formatted(MAX_SIZE, pieces.size()));
        }
        this.pieces = List.copyOf(pieces);
        this.ids = new HashMap<>();
        int numBytes = 0;
        int unknownId = -1;
        for (int id = 0; id < pieces.size(); id++) {
            SentencePiece piece = pieces.get(id);
            Integer first = ids.put(piece.text(), id);
            if (first != null) {
                throw new IllegalArgumentException(
                        "each piece must be there once: \"%s\" has ids %d and %d".formatted(piece.text(), first, id));
            }
            switch (piece.type()) {
                case UNKNOWN -> {
                    if (unknownId >= 0) {
                        throw new IllegalArgumentException(
                                "one piece must be the unknown one: got ids %d and %d".formatted(unknownId, id));
                    }
                    unknownId = id;
                }
                case BYTE -> numBytes++;
                case NORMAL, CONTROL, USER_DEFINED, UNUSED -> {}
            }
        }
        if (unknownId < 0) {
            throw new IllegalArgumentException("one piece must be the unknown one: got none of that type");
        }
        this.unknown = unknownId;
        this.hasBytes = numBytes > 0;
        if (hasBytes) {
            requireBytes(numBytes);
        }
    }

    private void requireBytes(int numBytes) {
        for (int b = 0; b < 256; b++) {
            int id = idOf(textOfByte(b)).orElse(-1);
            if (id < 0 || pieces.get(id).type() != SentencePiece.Type.BYTE || numBytes != 256) {
                throw new IllegalArgumentException("pieces for bytes must be those from <0x00> to <0xFF>: got %d, %s %s"
                        .formatted(numBytes, id < 0 ? "without" : "with", textOfByte(b)));
            }
        }
    }

    static String textOfByte(int b) {
        return "<0x%02X>".formatted(b);
    }

    /// The pieces by id.
    public List<SentencePiece> pieces() {
        return pieces;
    }

    /// How many ids there are.
    public int size() {
        return pieces.size();
    }

    /// The id of a piece.
    public OptionalInt idOf(String text) {
        Integer id = ids.get(text);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /// The id of what has no piece.
    public int unknown() {
        return unknown;
    }

    /// Whether what has no piece becomes its bytes.
    public boolean hasBytes() {
        return hasBytes;
    }

    /// The texts of the pieces taken out of a text before it is cut.
    List<String> userDefined() {
        List<String> texts = new ArrayList<>();
        for (SentencePiece piece : pieces) {
            if (piece.type() == SentencePiece.Type.USER_DEFINED) {
                texts.add(piece.text());
            }
        }
        return texts;
    }

    /// Writes the entries of `added_tokens` that the library takes out of a text itself.
    void addTo(ArrayNode addedTokens) {
        for (int id = 0; id < pieces.size(); id++) {
            SentencePiece piece = pieces.get(id);
            switch (piece.type()) {
                case CONTROL, UNKNOWN -> add(addedTokens, id, true);
                case USER_DEFINED -> add(addedTokens, id, false);
                case NORMAL, UNUSED, BYTE -> {}
            }
        }
    }

    private void add(ArrayNode addedTokens, int id, boolean special) {
        ObjectNode token = addedTokens.addObject();
        token.put("id", id).put("content", pieces.get(id).text());
        token.put("single_word", false).put("lstrip", false).put("rstrip", false);
        // User-defined pieces are looked for in the text with its blanks replaced, as they are written.
        token.put("normalized", !special).put("special", special);
    }
}
