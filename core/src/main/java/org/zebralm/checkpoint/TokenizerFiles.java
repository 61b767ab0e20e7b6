package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tokenizer.PromptTemplate;
import org.zebralm.tokenizer.TokenizerFile;

/// Puts a tokenizer into a model folder.
final class TokenizerFiles {
    private static final String SETTINGS = "tokenizer_config.json";
    private static final List<String> COMPANIONS = List.of(SETTINGS, "chat_template.jinja", "special_tokens_map.json");

    private final Path tokenizer;
    private final ZebraConfig config;
    private final byte[] tokenizerJson;
    private final Map<Integer, String> tokens = new HashMap<>();
    private boolean isSilentAboutPrompts;

    private TokenizerFiles(Path tokenizer, ZebraConfig config) {
        this.tokenizer = tokenizer;
        this.config = config;
        this.tokenizerJson = TokenizerFile.read(tokenizer).json();
    }

    /// Writes a tokenizer as `tokenizer.json` into `folder` and copies what lies beside it; writes
    /// `tokenizer_config.json` if there is none to copy.
    ///
    /// @param tokenizer a file of any kind that [TokenizerFile] reads
    /// @throws IllegalArgumentException if the tokenizer makes ids of text that the model has no row for
    static void copy(Path tokenizer, ZebraConfig config, Path folder) {
        var files = new TokenizerFiles(tokenizer, config);
        files.readTokens();
        files.copyTo(folder);
    }

    private void readTokens() {
        ObjectNode tree = JsonFile.parse(tokenizer, new String(tokenizerJson, StandardCharsets.UTF_8));
        JsonNode vocab = tree.path("model").path("vocab");
        vocab.properties().forEach(entry -> add(entry.getValue().asInt(-1), entry.getKey(), false));
        for (int id = 0; vocab.isArray() && id < vocab.size(); id++) {
            add(id, vocab.path(id).path(0).asText(), false); // unigram
        }
        for (JsonNode added : tree.path("added_tokens")) {
            boolean special = added.path("special").asBoolean();
            add(added.path("id").asInt(-1), added.path("content").asText(), special);
        }
        isSilentAboutPrompts = PromptTemplate.isSilent(tree.get("post_processor"));
    }

    private void add(int id, String token, boolean special) {
        // Gemma 3 has a token for pictures, which its models without pictures have no row for.
        if (id >= config.vocabSize() && !special) {
            throw new IllegalArgumentException(tokenizer + " must not make ids beyond the model's vocabulary of "
                    + config.vocabSize() + ": " + token + " has id " + id);
        }
        tokens.put(id, token);
    }

    private void copyTo(Path folder) {
        AtomicFile.write(folder.resolve(ModelFolder.TOKENIZER), tokenizerJson);
        for (String name : COMPANIONS) {
            Path companion = tokenizer.resolveSibling(name);
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
        if (isSilentAboutPrompts && config.bosTokenId() >= 0) {
            json.put("add_bos_token", true); // as the documents began that it was trained on
        }
        return json;
    }

    private void putToken(ObjectNode json, String key, int id) {
        if (id < 0) {
            return;
        }
        String token = tokens.get(id);
        if (token == null) {
            throw new IllegalArgumentException(key + " must be in the tokenizer: the config gives it id " + id
                    + ", which " + tokenizer + " does not have");
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
