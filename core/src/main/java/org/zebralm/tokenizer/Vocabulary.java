package org.zebralm.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/// The tokens of a `tokenizer.json` with their ids.
///
/// Read beside the native library, which does not give its vocabulary away through DJL. The file is walked token by
/// token: merges, often the larger half, are skipped without being built.
final class Vocabulary {

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Map<String, Integer> ids = new HashMap<>();
    private final Set<Integer> special = new HashSet<>();
    private int size;
    private boolean framesText;

    private Vocabulary() {}

    /// Reads `model.vocab`, `added_tokens` and `post_processor`; a file without a vocabulary is an error.
    static Vocabulary parse(byte[] tokenizerJson) throws IOException {
        var vocabulary = new Vocabulary();
        try (JsonParser json = new JsonFactory().createParser(tokenizerJson)) {
            require(json.nextToken() == JsonToken.START_OBJECT, "is not a JSON object");
            for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
                json.nextToken();
                switch (key) {
                    case "model" -> vocabulary.readModel(json);
                    case "added_tokens" -> vocabulary.readAddedTokens(json);
                    case "post_processor" -> vocabulary.framesText = !PromptTemplate.isSilent(MAPPER.readTree(json));
                    default -> json.skipChildren();
                }
            }
        }
        require(vocabulary.size > 0, "has no model.vocab");
        return vocabulary;
    }

    /// One more than the greatest id: the rows an embedding needs.
    int size() {
        return size;
    }

    /// One more than the greatest id that is no special token.
    int textSize() {
        return 1
                + ids.values().stream()
                        .filter(id -> !special.contains(id))
                        .mapToInt(id -> id)
                        .max()
                        .orElse(-1);
    }

    /// Whether the file itself says what is put around a text.
    boolean framesText() {
        return framesText;
    }

    OptionalInt idOf(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private void readModel(JsonParser json) throws IOException {
        require(json.currentToken() == JsonToken.START_OBJECT, "has a model that is not an object");
        for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
            JsonToken value = json.nextToken();
            if (!key.equals("vocab")) {
                json.skipChildren();
            } else if (value == JsonToken.START_OBJECT) {
                readIdsByToken(json);
            } else {
                readUnigramPieces(json);
            }
        }
    }

    private void readIdsByToken(JsonParser json) throws IOException {
        for (String token = json.nextFieldName(); token != null; token = json.nextFieldName()) {
            json.nextToken();
            put(token, json.getIntValue());
        }
    }

    /// A unigram vocabulary is a list of `[piece, score]`; the position is the id.
    private void readUnigramPieces(JsonParser json) throws IOException {
        require(json.currentToken() == JsonToken.START_ARRAY, "has a vocab that is neither an object nor a list");
        for (int id = 0; json.nextToken() == JsonToken.START_ARRAY; id++) {
            put(json.nextTextValue(), id);
            while (json.nextToken() != JsonToken.END_ARRAY) {
                json.skipChildren();
            }
        }
    }

    private void readAddedTokens(JsonParser json) throws IOException {
        while (json.nextToken() == JsonToken.START_OBJECT) {
            String content = "";
            int id = -1;
            boolean isSpecial = false;
            for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
                json.nextToken();
                switch (key) {
                    case "content" -> content = json.getText();
                    case "id" -> id = json.getIntValue();
                    case "special" -> isSpecial = json.getBooleanValue();
                    default -> json.skipChildren();
                }
            }
            put(content, id);
            if (isSpecial) {
                special.add(id);
            }
        }
    }

    private void put(String token, int id) throws IOException {
        require(id >= 0 && id < Integer.MAX_VALUE, "has a token without an id: \"" + token + "\"");
        ids.put(token, id);
        size = Math.max(size, id + 1);
    }

    private static void require(boolean holds, String problem) throws IOException {
        if (!holds) {
            throw new IOException("it " + problem);
        }
    }
}
