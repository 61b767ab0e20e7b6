package org.zebralm.generate;

import java.util.List;
import java.util.Map;
import org.zebralm.tokenizer.Chat;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.Tokenizer;

/// How messages become a prompt.
///
/// @param template writes them out
/// @param isFramed whether the tokenizer puts its special tokens around the text, as around any prompt; false where
///     the template writes them itself, as those of checkpoints do
/// @param stopStrings end an answer, beside the end tokens of the model
public record ChatFormat(ChatTemplate template, boolean isFramed, List<String> stopStrings) {
    private static final ChatFormat PLAIN = new ChatFormat(ChatTemplate.of("""
                    {% for m in messages %}
                    {% if m.role == 'system' %}
                    {{ m.content | trim }}

                    {% else %}
                    {{ m.role | capitalize }}: {{ m.content | trim }}
                    {% endif %}
                    {% endfor %}
                    {% if add_generation_prompt %}Assistant:{% endif %}""", Map.of()), true, List.of("\nUser:"));

    public ChatFormat {
        stopStrings = List.copyOf(stopStrings);
    }

    /// Returns the format of a checkpoint's own template, encoded as transformers encodes it: nothing is added.
    public static ChatFormat of(ChatTemplate template) {
        return new ChatFormat(template, false, List.of());
    }

    /// Returns one that any model can continue, `User: ...` and `Assistant: ...` in lines of their own: for models
    /// that were never trained to chat.
    public static ChatFormat plain() {
        return PLAIN;
    }

    /// Returns the prompt of a conversation.
    ///
    /// @throws IllegalArgumentException if the template refuses it
    int[] encode(Tokenizer tokenizer, Chat chat) {
        String text = template.render(chat).text();
        return isFramed ? tokenizer.encodePrompt(text) : tokenizer.encode(text);
    }
}
