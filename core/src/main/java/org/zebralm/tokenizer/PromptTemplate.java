package org.zebralm.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a `tokenizer.json` puts around a prompt: its `post_processor`, of type `TemplateProcessing`.
public final class PromptTemplate {

    /// A special token with its id.
    public record Token(String text, int id) {}

    private PromptTemplate() {}

    /// Returns the `post_processor` that puts tokens before a text and after it.
    public static ObjectNode of(List<Token> before, List<Token> after) {
        ObjectNode json = JsonNodeFactory.instance.objectNode().put("type", "TemplateProcessing");
        ArrayNode single = json.putArray("single");
        ArrayNode pair = json.putArray("pair");
        add(single, before, "A", after, 0);
        add(pair, before, "A", after, 0);
        add(pair, before, "B", after, 1);
        ObjectNode tokens = json.putObject("special_tokens");
        List<Token> all = new ArrayList<>(before);
        all.addAll(after);
        for (Token token : all) {
            ObjectNode named = tokens.putObject(token.text()).put("id", token.text());
            named.putArray("ids").add(token.id());
            named.putArray("tokens").add(token.text());
        }
        return json;
    }

    /// Whether a `post_processor` leaves open what is put around a text: there is none, or one that only moves offsets.
    public static boolean isSilent(@Nullable JsonNode postProcessor) {
        if (postProcessor == null || postProcessor.isNull() || postProcessor.isMissingNode()) {
            return true;
        }
        return switch (postProcessor.path("type").asText()) {
            case "ByteLevel" -> true;
            case "Sequence" -> postProcessor.path("processors").valueStream().allMatch(PromptTemplate::isSilent);
            default -> false;
        };
    }

    /// The ids that a `post_processor` puts before a text and after it.
    record Ids(List<Integer> before, List<Integer> after) {}

    /// Reads a `post_processor` of type `TemplateProcessing`.
    ///
    /// @throws IllegalArgumentException if it is of another type, or its template has not the text in it once
    static Ids ids(JsonNode postProcessor) {
        if (!postProcessor.path("type").asText().equals("TemplateProcessing")) {
            throw new IllegalArgumentException(
                    "post_processor must be of type TemplateProcessing: got " + postProcessor.path("type"));
        }
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        int numTexts = 0;
        for (JsonNode part : postProcessor.path("single")) {
            if (part.has("Sequence")) {
                numTexts++;
                continue;
            }
            String name = part.path("SpecialToken").path("id").asText();
            JsonNode ids = postProcessor.path("special_tokens").path(name).path("ids");
            if (ids.isEmpty()) {
                throw new IllegalArgumentException("post_processor must have ids for \"" + name + "\": got none");
            }
            List<Integer> side = numTexts == 0 ? before : after;
            ids.forEach(id -> side.add(id.asInt()));
        }
        if (numTexts != 1) {
            throw new IllegalArgumentException("post_processor must have the text once: got it " + numTexts + " times");
        }
        return new Ids(List.copyOf(before), List.copyOf(after));
    }

    private static void add(ArrayNode template, List<Token> before, String sequence, List<Token> after, int type) {
        before.forEach(token -> add(template, "SpecialToken", token.text(), type));
        add(template, "Sequence", sequence, type);
        after.forEach(token -> add(template, "SpecialToken", token.text(), type));
    }

    private static void add(ArrayNode template, String kind, String id, int type) {
        template.addObject().putObject(kind).put("id", id).put("type_id", type);
    }
}
