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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tokenizer.PromptTemplate;
import org.zebralm.tokenizer.Tokenizer;
import org.zebralm.tokenizer.TokenizerFile;

/// Puts a tokenizer into a model folder.
final class TokenizerFiles {
    private static final String SETTINGS = "tokenizer_config.json";
    private static final String TEMPLATE = "chat_template.jinja";
    private static final String MORE_TEMPLATES = "additional_chat_templates";
    private static final List<String> COMPANIONS = List.of(
            SETTINGS,
            TEMPLATE,
            "special_tokens_map.json",
            "added_tokens.json",
            ModelFolder.SENTENCE_PIECE,
            "vocab.json",
            "merges.txt");

    private final Path tokenizer;
    private final ZebraConfig config;
    private final byte[] tokenizerJson;
    private final Map<Integer, String> tokens = new HashMap<>();
    private boolean isSilentAboutPrompts;

    private TokenizerFiles(Path tokenizer, ZebraConfig config, byte[] tokenizerJson) {
        this.tokenizer = tokenizer;
        this.config = config;
        this.tokenizerJson = tokenizerJson;
        readTokens();
    }

    /// Writes a tokenizer as `tokenizer.json` into `folder` and copies what lies beside it; writes
    /// `tokenizer_config.json` if there is none to copy.
    ///
    /// @param tokenizer a file of any kind that [TokenizerFile] reads
    /// @throws IllegalArgumentException if the tokenizer makes ids of text that the model has no row for
    static void copy(Path tokenizer, ZebraConfig config, Path folder) {
        new TokenizerFiles(tokenizer, config, TokenizerFile.read(tokenizer).json()).copyTo(folder);
    }

    /// Writes the tokenizer of any model as [#copy], and the chat templates, which may be there without one.
    ///
    /// @return whether there was one
    static boolean copy(ModelFiles model, ZebraConfig config, Path folder) {
        Path file = model.tokenizerFile();
        if (file != null && !Llama2cTokenizer.isOwn(file)) {
            copy(file, config, folder);
            return true;
        }
        String template = model.chatTemplateWithin();
        if (template != null) {
            AtomicFile.write(folder.resolve(TEMPLATE), template.getBytes(StandardCharsets.UTF_8));
        }
        try (Tokenizer made = model.tokenizer()) {
            if (made == null) {
                return false;
            }
            var files = new TokenizerFiles(made.path(), config, made.json());
            AtomicFile.write(folder.resolve(ModelFolder.TOKENIZER), files.tokenizerJson);
            JsonFile.write(
                    folder.resolve(SETTINGS),
                    files.settings(made.specialTokens().unk()));
            if (file != null) {
                copyTemplates(file, folder);
            }
            return true;
        }
    }

    /// Returns whether a file of this name in a model folder belongs to a tokenizer.
    static boolean isOne(String name) {
        return name.equals(ModelFolder.TOKENIZER) || name.equals(MORE_TEMPLATES) || COMPANIONS.contains(name);
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
            copyIfThere(tokenizer.resolveSibling(name), folder.resolve(name));
        }
        copyMoreTemplates(tokenizer, folder);
        if (!Files.exists(folder.resolve(SETTINGS))) {
            JsonFile.write(folder.resolve(SETTINGS), settings(null));
        }
    }

    private static void copyTemplates(Path tokenizer, Path folder) {
        copyIfThere(tokenizer.resolveSibling(TEMPLATE), folder.resolve(TEMPLATE));
        copyMoreTemplates(tokenizer, folder);
    }

    private static void copyMoreTemplates(Path tokenizer, Path folder) {
        Path more = tokenizer.resolveSibling(MORE_TEMPLATES);
        if (!Files.isDirectory(more)) {
            return;
        }
        try (Stream<Path> files = Files.list(more)) {
            Path target = Files.createDirectories(folder.resolve(MORE_TEMPLATES));
            for (Path file :
                    files.filter(one -> one.toString().endsWith(".jinja")).toList()) {
                copyIfThere(file, target.resolve(file.getFileName()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot copy " + more + ": " + e.getMessage(), e);
        }
    }

    private ObjectNode settings(@Nullable String unknown) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("tokenizer_class", "PreTrainedTokenizerFast");
        json.put("clean_up_tokenization_spaces", false); // transformers would drop blanks before punctuation
        json.put("model_max_length", config.maxPositions());
        putToken(json, "bos_token", config.bosTokenId());
        putToken(json, "eos_token", config.eosTokenId());
        putToken(json, "pad_token", config.padTokenId());
        if (unknown != null) {
            json.put("unk_token", unknown);
        }
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

    private static void copyIfThere(Path source, Path target) {
        if (!Files.exists(source)) {
            return;
        }
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(source);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + source + ": " + e.getMessage(), e);
        }
        AtomicFile.write(target, bytes);
    }
}
