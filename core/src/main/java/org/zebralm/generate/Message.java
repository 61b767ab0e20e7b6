package org.zebralm.generate;

import java.util.Map;
import org.zebralm.tokenizer.Chat;

/// Something said in a [Conversation].
///
/// @param role who says it: `system`, `user` or `assistant`; templates may know further roles
public record Message(String role, String content) {
    static final String SYSTEM = "system";
    static final String USER = "user";
    static final String ASSISTANT = "assistant";

    public Message {
        if (role.isBlank()) {
            throw new IllegalArgumentException(
                    "a message's role must not be blank: got \"" + role + "\"; use system, user or assistant");
        }
    }

    /// Returns what the model is to keep to.
    public static Message system(String content) {
        return new Message(SYSTEM, content);
    }

    /// Returns what a person says.
    public static Message user(String content) {
        return new Message(USER, content);
    }

    /// Returns what the model says.
    public static Message assistant(String content) {
        return new Message(ASSISTANT, content);
    }

    boolean isBy(String who) {
        return role.equals(who);
    }

    /// Returns the message as a [Chat] has it.
    Map<String, String> toMap() {
        return Chat.message(role, content);
    }
}
