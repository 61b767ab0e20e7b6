package org.zebralm.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.zebralm.tokenizer.jinja.Template;
import org.zebralm.tokenizer.jinja.TemplateException;

/// Reads the chat templates of a model folder, and the special tokens that are their variables.
final class ChatTemplateFiles {
    private static final String TEMPLATE = "chat_template.jinja";
    private static final String MORE = "additional_chat_templates";
    private static final String SETTINGS = "tokenizer_config.json";
    private static final String TOKENS = "special_tokens_map.json";
    private static final String SUFFIX = ".jinja";
    private static final long MAX_BYTES = 64L << 20;
    private static final List<String> SPECIAL =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final Path folder;
    private final Map<String, Template> templates = new LinkedHashMap<>();
    private final Map<String, String> tokens = new LinkedHashMap<>();

    private ChatTemplateFiles(Path folder) {
        this.folder = folder;
    }

    static ChatTemplate read(Path folder) {
        var files = new ChatTemplateFiles(folder);
        JsonNode settings = files.json(SETTINGS);
        files.readTemplates(settings);
        if (files.templates.isEmpty()) {
            throw new IllegalArgumentException(
                    folder + " has no chat template: neither " + TEMPLATE + " nor chat_template in " + SETTINGS);
        }
        files.readTokens(settings);
        files.readTokens(files.json(TOKENS));
        return new ChatTemplate(Map.copyOf(files.templates), Map.copyOf(files.tokens));
    }

    private void readTemplates(JsonNode settings) {
        Path single = folder.resolve(TEMPLATE);
        if (Files.exists(single)) {
            add("default", text(single), single);
        }
        Path more = folder.resolve(MORE);
        if (Files.isDirectory(more)) {
            try (Stream<Path> files = Files.list(more)) {
                files.sorted().filter(file -> name(file).endsWith(SUFFIX)).forEach(file -> {
                    add(name(file).substring(0, name(file).length() - SUFFIX.length()), text(file), file);
                });
            } catch (IOException e) {
                throw new UncheckedIOException("cannot read " + more + ": " + e.getMessage(), e);
            }
        }
        if (!templates.isEmpty()) {
            return;
        }
        JsonNode given = settings.path("chat_template");
        Path file = folder.resolve(SETTINGS);
        if (given.isTextual()) {
            add("default", given.textValue(), file);
        }
        for (JsonNode named : given.isArray() ? given : List.<JsonNode>of()) {
            if (!named.path("name").isTextual() || !named.path("template").isTextual()) {
                throw new IllegalArgumentException(
                        file + ": a list of chat templates must hold objects with name and template");
            }
            add(named.path("name").textValue(), named.path("template").textValue(), file);
        }
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }

    private void add(String name, String template, Path file) {
        try {
            templates.put(name, Template.parse(template));
        } catch (TemplateException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    private void readTokens(JsonNode settings) {
        for (String name : SPECIAL) {
            addToken(name, settings.path(name));
        }
        // Some tokenizers name tokens of their own, such as image_token.
        settings.path("extra_special_tokens").properties().forEach(entry -> addToken(entry.getKey(), entry.getValue()));
    }

    private void addToken(String name, JsonNode token) {
        JsonNode text = token.isObject() ? token.path("content") : token;
        if (text.isTextual()) {
            tokens.putIfAbsent(name, text.textValue());
        }
    }

    private JsonNode json(String name) {
        Path file = folder.resolve(name);
        if (!Files.exists(file)) {
            return new JsonMapper().createObjectNode();
        }
        try {
            return new JsonMapper().readTree(text(file));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + " must be JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static String text(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException(file + " must have at most " + MAX_BYTES + " bytes");
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
