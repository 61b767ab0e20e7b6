package org.zebralm.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The tokens of a model that are no text, by what they are for, and which of them are put around a prompt.
///
/// Source: `tokenizer_config.json`, and `special_tokens_map.json` where transformers 5.18 reads it still (if the first
/// has no `added_tokens_decoder`). A token is a string there or an object with its `content`.
///
/// @param bos begins a text; null where the files name none, as with the others
/// @param eos ends a text
/// @param unk stands for what has no token
/// @param pad fills up rows
/// @param additional further ones, in the order of the files
/// @param addBos whether prompts begin with `bos`, where `tokenizer.json` leaves it open; null where the files do
///     not say
/// @param addEos whether prompts end with `eos`; as before
public record SpecialTokens(
        @Nullable String bos,
        @Nullable String eos,
        @Nullable String unk,
        @Nullable String pad,
        List<String> additional,
        @Nullable Boolean addBos,
        @Nullable Boolean addEos) {

    /// None of them known.
    public static final SpecialTokens UNKNOWN = new SpecialTokens(null, null, null, null, List.of(), null, null);

    static final String CONFIG = "tokenizer_config.json";
    private static final String MAP = "special_tokens_map.json";

    private static final JsonMapper MAPPER = new JsonMapper();

    public SpecialTokens {
        additional = List.copyOf(additional);
    }

    /// The tokens by the names that chat templates have for them.
    public Map<String, String> variables() {
        Map<String, String> variables = new HashMap<>();
        put(variables, "bos_token", bos);
        put(variables, "eos_token", eos);
        put(variables, "unk_token", unk);
        put(variables, "pad_token", pad);
        return variables;
    }

    private static void put(Map<String, String> variables, String name, @Nullable String token) {
        if (token != null) {
            variables.put(name, token);
        }
    }

    /// Whether the files say what is put around a prompt.
    boolean isDecided() {
        return addBos != null || addEos != null;
    }

    /// The token that prompts begin with where `tokenizer.json` leaves it open, or null.
    @Nullable
    String before() {
        return Boolean.TRUE.equals(addBos) ? bos : null;
    }

    /// The token that prompts end with then, or null.
    @Nullable
    String after() {
        return Boolean.TRUE.equals(addEos) ? eos : null;
    }

    /// Reads the files that lie beside a tokenizer, as far as they do.
    ///
    /// @throws IllegalArgumentException naming a file that is not JSON or names a token in a way nobody writes
    public static SpecialTokens beside(Path tokenizer) {
        ObjectNode settings = read(tokenizer.resolveSibling(CONFIG));
        if (!settings.has("added_tokens_decoder")) {
            settings.setAll(read(tokenizer.resolveSibling(MAP)));
        }
        try {
            return of(settings);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(tokenizer.resolveSibling(CONFIG) + ": " + e.getMessage(), e);
        }
    }

    /// Reads an object as it stands in a file; a missing file is an empty one.
    static ObjectNode read(Path file) {
        try {
            if (Files.exists(file) && MAPPER.readTree(Files.readString(file)) instanceof ObjectNode object) {
                return object;
            }
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(file + " is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file + ": " + e.getMessage(), e);
        }
        if (Files.exists(file)) {
            throw new IllegalArgumentException(file + " must hold a JSON object");
        }
        return MAPPER.createObjectNode();
    }

    private static SpecialTokens of(ObjectNode settings) {
        Set<String> additional = new LinkedHashSet<>();
        for (String key : List.of("additional_special_tokens", "extra_special_tokens")) {
            for (JsonNode token : settings.path(key)) {
                String text = token(key, token);
                if (text != null) {
                    additional.add(text);
                }
            }
        }
        return new SpecialTokens(
                token(settings, "bos_token"),
                token(settings, "eos_token"),
                token(settings, "unk_token"),
                token(settings, "pad_token"),
                new ArrayList<>(additional),
                flag(settings, "add_bos_token"),
                flag(settings, "add_eos_token"));
    }

    private static @Nullable String token(ObjectNode settings, String key) {
        return token(key, settings.path(key));
    }

    private static @Nullable String token(String key, JsonNode node) {
        JsonNode text = node.isObject() ? node.path("content") : node;
        if (text.isTextual()) {
            return text.textValue();
        }
        if (node.isMissingNode() || node.isNull()) {
            return null;
        }
        throw new IllegalArgumentException(
                key + " must be a string or an object with a content: got " + abbreviated(node));
    }

    /// A flag that is there and null says no, in transformers.
    private static @Nullable Boolean flag(ObjectNode settings, String key) {
        JsonNode node = settings.path(key);
        if (node.isMissingNode()) {
            return null;
        }
        if (!node.isBoolean() && !node.isNull()) {
            throw new IllegalArgumentException(key + " must be true or false: got " + abbreviated(node));
        }
        return node.booleanValue();
    }

    private static String abbreviated(JsonNode node) {
        String text = node.toString();
        return text.length() <= 80 ? text : text.substring(0, 77) + "...";
    }
}
