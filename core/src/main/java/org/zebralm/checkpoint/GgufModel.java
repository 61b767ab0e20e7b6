package org.zebralm.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.SpecialTokens;
import org.zebralm.tokenizer.Tokenizer;
import org.zebralm.tokenizer.jinja.TemplateException;

/// A GGUF file, which has settings, weights and tokenizer in one; a `tokenizer.json` beside it goes before its own.
record GgufModel(Path path) implements ModelFiles {
    private static final String CHAT_TEMPLATE = "tokenizer.chat_template";

    @Override
    public String form() {
        return "a GGUF file";
    }

    @Override
    public String configName() {
        return path.toString();
    }

    @Override
    public ObjectNode config() {
        try (GgufFile file = GgufFile.open(path)) {
            return GgufConfig.read(file);
        }
    }

    @Override
    public List<Integer> moreStopTokenIds() {
        return List.of();
    }

    @Override
    public WeightSource weights() {
        GgufFile file = GgufFile.open(path);
        boolean opened = false;
        try {
            ObjectNode config = GgufConfig.read(file);
            var weights = new GgufWeights(
                    file,
                    GgufConfig.architecture(file),
                    config.path("num_attention_heads").intValue(),
                    config.path("num_key_value_heads").intValue());
            opened = true;
            return weights;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    @Override
    public @Nullable Path tokenizerFile() {
        Path beside = path.resolveSibling(ModelFolder.TOKENIZER);
        return Files.exists(beside) ? beside : null;
    }

    @Override
    public @Nullable Tokenizer tokenizer() {
        Path beside = tokenizerFile();
        if (beside != null) {
            return Tokenizer.load(beside);
        }
        try (GgufFile file = GgufFile.open(path)) {
            GgufTokenizer.Contents contents = GgufTokenizer.read(file);
            return contents == null
                    ? null
                    : Tokenizer.of(new JsonMapper().writeValueAsBytes(contents.json()), contents.special(), path);
        } catch (JsonProcessingException e) {
            throw new AssertionError("a tree can be written", e);
        }
    }

    @Override
    public boolean hasTokenizer() {
        try (GgufFile file = GgufFile.open(path)) {
            return tokenizerFile() != null || file.metadata().containsKey("tokenizer.ggml.tokens");
        }
    }

    @Override
    public @Nullable String chatTemplateWithin() {
        try (GgufFile file = GgufFile.open(path)) {
            return file.metadata().get(CHAT_TEMPLATE) instanceof GgufValue.Text text ? text.read(CHAT_TEMPLATE) : null;
        }
    }

    @Override
    public ChatTemplate chatTemplate() {
        try (GgufFile file = GgufFile.open(path)) {
            GgufValue template = file.metadata().get(CHAT_TEMPLATE);
            if (!(template instanceof GgufValue.Text text)) {
                throw new IllegalArgumentException("%s must have a text %s to be talked to: got %s"
                        .formatted(path, CHAT_TEMPLATE, template == null ? "none" : template.describe()));
            }
            GgufTokenizer.Contents contents = GgufTokenizer.read(file);
            var special = contents == null ? SpecialTokens.UNKNOWN : contents.special();
            return ChatTemplate.of(text.read(CHAT_TEMPLATE), special.variables());
        } catch (TemplateException e) {
            throw new IllegalArgumentException(path + ": " + e.getMessage(), e);
        }
    }
}
