package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.model.ZebraConfig;

/// Puts a tokenizer into a model folder.
final class TokenizerFiles {
    private static final String SETTINGS = "tokenizer_config.json";
    private static final List<String> COMPANIONS = List.of(SETTINGS, "chat_template.jinja", "special_tokens_map.json");

    private final Path tokenizerJson;
    private final ZebraConfig config;
    private final Map<Integer, String> tokens = new HashMap<>();

    private TokenizerFiles(Path tokenizerJson, ZebraConfig config) {
        this.tokenizerJson = tokenizerJson;
        this.config = config;
    }

    /// Copies `tokenizer.json` and what lies beside it into `folder`; writes `tokenizer_config.json` if there is none
    /// to copy.
    ///
    /// @throws IllegalArgumentException if the tokenizer makes ids that the model has no row for
    static void copy(Path tokenizerJson, ZebraConfig config, Path folder) {
        var files = new TokenizerFiles(tokenizerJson, config);
        files.readTokens();
        files.copyTo(folder);
    }

    private void readTokens() {
        ObjectNode json = JsonFile.read(tokenizerJson);
        json.path("model").path("vocab").properties().forEach(entry -> add(entry.getValue(), entry.getKey()));
        for (JsonNode added : json.path("added_tokens")) {
            add(added.path("id"), added.path("content").asText());
        }
    }

    private void add(JsonNode id, String token) {
        if (id.asInt(-1) >= config.vocabSize()) {
            throw new IllegalArgumentException(tokenizerJson + " must not make ids beyond the model's vocabulary of "
                    + config.vocabSize() + ": " + token + " has id " + id);
        }
        tokens.put(id.asInt(-1), token);
    }

    private void copyTo(Path folder) {
        copyFile(tokenizerJson, folder.resolve(ModelFolder.TOKENIZER));
        for (String name : COMPANIONS) {
            Path companion = tokenizerJson.resolveSibling(name);
            if (Files.exists(companion)) {
                copyFile(companion, folder.resolve(name));
            }
        }
        if (!Files.exists(folder.resolve(SETTINGS))) {
            JsonFile.write(folder.resolve(SETTINGS), settings());
        }
    }

    private ObjectNode settings() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("tokenizer_class", "PreTrainedTokenizerFast");
        json.put("clean_up_tokenization_spaces", false); // transformers would drop blanks before punctuation
        json.put("model_max_length", config.maxPositions());
        putToken(json, "bos_token", config.bosTokenId());
        putToken(json, "eos_token", config.eosTokenId());
        putToken(json, "pad_token", config.padTokenId());
        return json;
    }

    private void putToken(ObjectNode json, String key, int id) {
        if (id < 0) {
            return;
        }
        String token = tokens.get(id);
        if (token == null) {
            throw new IllegalArgumentException(key + " must be in the tokenizer: the config gives it id " + id
                    + ", which " + tokenizerJson + " does not have");
        }
        json.put(key, token);
    }

    private static void copyFile(Path source, Path target) {
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(source);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + source + ": " + e.getMessage(), e);
        }
        AtomicFile.write(target, bytes);
    }
}
