package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.zebralm.tokenizer.SentencePiece;

/// The tokens of a `tokenizer.json` as a GGUF file lists them: one for each row of the embedding, with what it is for.
record GgufVocabulary(List<String> tokens, List<SentencePiece.Type> types) {
    private static final Pattern BYTE = Pattern.compile("<0x[0-9A-F]{2}>");

    /// Reads the tokens; rows that have none get a name of their own.
    ///
    /// @throws IllegalArgumentException if a token is matched in a way that llama.cpp does not know
    static GgufVocabulary read(ObjectNode json, int numRows) {
        List<String> tokens = new ArrayList<>(Collections.nCopies(numRows, ""));
        List<SentencePiece.Type> types = new ArrayList<>(Collections.nCopies(numRows, SentencePiece.Type.UNUSED));
        JsonNode model = json.path("model");
        boolean hasBytes = model.path("byte_fallback").asBoolean();
        String unknown = model.path("unk_token").asText("");
        model.path("vocab").properties().forEach(entry -> {
            int id = entry.getValue().asInt(-1);
            if (id >= 0 && id < numRows) {
                tokens.set(id, entry.getKey());
                boolean isByte = hasBytes && BYTE.matcher(entry.getKey()).matches();
                types.set(id, isByte ? SentencePiece.Type.BYTE : SentencePiece.Type.NORMAL);
            }
        });
        for (JsonNode added : json.path("added_tokens")) {
            int id = added.path("id").asInt(-1);
            String text = added.path("content").asText();
            for (String flag : List.of("single_word", "lstrip", "rstrip")) {
                if (added.path(flag).asBoolean()) {
                    throw new IllegalArgumentException("added tokens must be matched as they are, which is all that"
                            + " llama.cpp does: got " + text + " with " + flag);
                }
            }
            // Gemma 3 has a token for pictures, which its models without pictures have no row for.
            if (id >= 0 && id < numRows) {
                tokens.set(id, text);
                types.set(
                        id,
                        added.path("special").asBoolean()
                                ? SentencePiece.Type.CONTROL
                                : SentencePiece.Type.USER_DEFINED);
            }
        }
        Set<String> names = new HashSet<>();
        List<String> all = new ArrayList<>();
        for (int id = 0; id < numRows; id++) {
            String text = tokens.get(id);
            String name = text.isEmpty() ? "[PAD" + id + "]" : text;
            if (!names.add(name)) {
                throw new IllegalArgumentException(
                        "tokens must have texts that differ: got \"" + name + "\" again, with id " + id);
            }
            all.add(name);
            if (name.equals(unknown)) {
                types.set(id, SentencePiece.Type.UNKNOWN);
            }
        }
        return new GgufVocabulary(List.copyOf(all), List.copyOf(types));
    }

    /// Puts the tokens and what they are for.
    void put(GgufKeys keys) {
        keys.putTexts("tokenizer.ggml.tokens", tokens);
        keys.putWholes(
                "tokenizer.ggml.token_type",
                types.stream().mapToInt(SentencePiece.Type::number).toArray());
    }
}
