package org.zebralm.tokenizer;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A conversation as a [ChatTemplate] renders it.
///
/// Messages, tools and documents are maps as their JSON has them (Jackson's `convertValue` makes them of nodes). A
/// message has a `role` and mostly a `content`, a string or a list of parts; templates know further keys, such as
/// `tool_calls` and `reasoning_content`.
///
/// @param tools JSON schemas of the functions that may be called; null where there are none
/// @param documents what is to be cited, each with `title` and `text`; null where there are none
/// @param addGenerationPrompt whether the beginning of an answer is added
/// @param continued the key of the last message, mostly `content`, at whose end the text is to end; null to end it
/// @param template the name of one of several templates; null for `tool_use` where there are tools, else `default`
/// @param variables further variables, such as `enable_thinking`; they take precedence over special tokens
public record Chat(
        List<? extends Map<String, ?>> messages,
        @Nullable List<? extends Map<String, ?>> tools,
        @Nullable List<? extends Map<String, ?>> documents,
        boolean addGenerationPrompt,
        @Nullable String continued,
        @Nullable String template,
        Map<String, ?> variables) {

    public Chat {
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("a chat must have at least one message: got none");
        }
        if (addGenerationPrompt && continued != null) {
            throw new IllegalArgumentException(
                    "a chat must either be continued or get a generation prompt: got both, of which leave out one");
        }
        for (String reserved : List.of("messages", "tools", "documents", "add_generation_prompt")) {
            if (variables.containsKey(reserved)) {
                throw new IllegalArgumentException(
                        "a variable of a chat must not be named " + reserved + ", which the chat itself gives");
            }
        }
    }

    /// Returns a conversation with nothing but messages.
    public static Chat of(List<? extends Map<String, ?>> messages) {
        return new Chat(messages, null, null, false, null, null, Map.of());
    }

    /// Returns a message of plain text.
    public static Map<String, String> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    /// Returns the same with functions that may be called.
    public Chat withTools(List<? extends Map<String, ?>> schemas) {
        return new Chat(messages, schemas, documents, addGenerationPrompt, continued, template, variables);
    }

    /// Returns the same with documents to be cited.
    public Chat withDocuments(List<? extends Map<String, ?>> texts) {
        return new Chat(messages, tools, texts, addGenerationPrompt, continued, template, variables);
    }

    /// Returns the same with the beginning of an answer.
    public Chat withGenerationPrompt() {
        return new Chat(messages, tools, documents, true, continued, template, variables);
    }

    /// Returns the same with an open end: the text ends where the last message's content does.
    public Chat continuingLastMessage() {
        return new Chat(messages, tools, documents, addGenerationPrompt, "content", template, variables);
    }

    /// Returns the same for a template of that name.
    public Chat withTemplate(String name) {
        return new Chat(messages, tools, documents, addGenerationPrompt, continued, name, variables);
    }

    /// Returns the same with a variable.
    public Chat with(String name, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(variables);
        more.put(name, value);
        return new Chat(messages, tools, documents, addGenerationPrompt, continued, template, more);
    }
}
