package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;
import java.util.stream.StreamSupport;

/// A tiny SentencePiece model and what SentencePiece makes of texts (`oracle/sentencepiece_fixtures.py`).
record SentencePieceFixture(String name, int unknown, List<Case> cases) {

    /// A text with its ids, and the text that comes of them.
    record Case(String text, List<Integer> ids, String decoded) {}

    static final List<String> NAMES =
            List.of("llama", "gemma", "symbols", "no-bytes", "rules", "unigram", "unigram-bytes", "ties", "unescaped");

    static SentencePieceFixture read(String name) {
        try {
            JsonNode json = new ObjectMapper().readTree(bytes(name + ".json"));
            List<Case> cases = StreamSupport.stream(json.path("cases").spliterator(), false)
                    .map(node -> new Case(
                            node.path("text").asText(),
                            node.path("ids")
                                    .valueStream()
                                    .map(JsonNode::intValue)
                                    .toList(),
                            node.path("decoded").asText()))
                    .toList();
            return new SentencePieceFixture(name, json.path("unk").asInt(), cases);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The model, as `tokenizer.model` would hold it.
    byte[] model() {
        return bytes(name + ".model");
    }

    private static byte[] bytes(String file) {
        try (InputStream in = SentencePieceFixture.class.getResourceAsStream("/fixtures/sentencepiece/" + file)) {
            return Objects.requireNonNull(in, file).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
