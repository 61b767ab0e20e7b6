package org.zebralm.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tokens of a `tokenizer.json` with their ids.
///
/// Read beside the native library, which does not give its vocabulary away through DJL. The file is walked token by
/// token: merges, often the larger half, are skipped without being built.
final class Vocabulary {

    /// Where a tokenizer.json that we made keeps the SentencePiece model whose ids it cannot give; in base 64, in
    /// `model`, where other programs pass over what they do not know.
    static final String SENTENCE_PIECE_MODEL = "sentencepiece_model";

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Map<String, Integer> ids = new HashMap<>();
    private final Set<Integer> special = new HashSet<>();
    private int size;
    private final List<AddedTokens.Token> addedTokens = new ArrayList<>();
    private JsonNode postProcessor = MissingNode.getInstance();
    private byte @Nullable [] sentencePieceModel;

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
                    case "post_processor" -> vocabulary.postProcessor = MAPPER.readTree(json);
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
        return !PromptTemplate.isSilent(postProcessor);
    }

    /// What the file puts around a text; a missing node if it does not say.
    JsonNode postProcessor() {
        return postProcessor;
    }

    /// The tokens that are taken out of a text, in the order of the file.
    List<AddedTokens.Token> addedTokens() {
        return addedTokens;
    }

    /// The SentencePiece model that the file was made of and is to be encoded by, or null.
    byte @Nullable [] sentencePieceModel() {
        return sentencePieceModel;
    }

    OptionalInt idOf(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    private void readModel(JsonParser json) throws IOException {
        require(json.currentToken() == JsonToken.START_OBJECT, "has a model that is not an object");
        for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
            JsonToken value = json.nextToken();
            if (key.equals(SENTENCE_PIECE_MODEL)) {
                require(value == JsonToken.VALUE_STRING, "has a " + SENTENCE_PIECE_MODEL + " that is no string");
                sentencePieceModel = json.getBinaryValue();
            } else if (!key.equals("vocab")) {
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
            boolean lstrip = false;
            boolean rstrip = false;
            boolean singleWord = false;
            for (String key = json.nextFieldName(); key != null; key = json.nextFieldName()) {
                json.nextToken();
                switch (key) {
                    case "content" -> content = json.getText();
                    case "id" -> id = json.getIntValue();
                    case "special" -> isSpecial = json.getBooleanValue();
                    case "lstrip" -> lstrip = json.getBooleanValue();
                    case "rstrip" -> rstrip = json.getBooleanValue();
                    case "single_word" -> singleWord = json.getBooleanValue();
                    default -> json.skipChildren();
                }
            }
            put(content, id);
            addedTokens.add(new AddedTokens.Token(id, content, lstrip, rstrip, singleWord));
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
