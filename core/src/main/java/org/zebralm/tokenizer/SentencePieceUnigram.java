package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// A SentencePiece unigram model as a `tokenizer.json`.
///
/// Its ids differ in places where [SentencePieceBpe]'s do. The Rust library also computes the likeliest pieces in
/// double
/// precision, SentencePiece in single, so that of two cuts equally likely to seven digits each may take another; and it
/// makes the piece of a byte of that piece's name. [Tokenizer] encodes by [SentencePieceEncoder], therefore.
final class SentencePieceUnigram {

    private SentencePieceUnigram() {}

    /// Returns the `tokenizer.json`; nothing is put around a prompt.
    ///
    /// @throws IllegalArgumentException if some pieces are unused, which the library would use
    static ObjectNode tokenizerJson(SentencePieceVocabulary vocabulary, SentencePieceText text) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("version", "1.0");
        json.putNull("truncation").putNull("padding");
        vocabulary.addTo(json.putArray("added_tokens"));
        text.addTo(json, vocabulary);
        ObjectNode model = json.putObject("model").put("type", "Unigram");
        model.put("unk_id", vocabulary.unknown()).put("byte_fallback", vocabulary.hasBytes());
        ArrayNode vocab = model.putArray("vocab");
        for (SentencePiece piece : vocabulary.pieces()) {
            if (piece.type() == SentencePiece.Type.UNUSED) {
                throw new IllegalArgumentException("a unigram model must have no unused pieces, which tokenizer.json"
                        + " cannot tell from others: got \"" + piece.text() + "\"");
            }
            vocab.addArray().add(piece.text()).add((double) piece.score());
        }
        return json;
    }
}
