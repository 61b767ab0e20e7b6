package org.zebralm.tokenizer;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.zebralm.tokenizer.jinja.Template;

/// Turns a conversation into the text that a checkpoint was trained on, by the checkpoint's own Jinja template.
///
/// Text equals that of transformers 5 (`apply_chat_template`). Safe for use by many threads.
public final class ChatTemplate {
    private static final Pattern GENERATION = Pattern.compile("\\{%-?\\s*generation\\s*-?%\\}");
    /// Marks where the last message ends; as transformers has it, since templates may look at the text.
    private static final String END = "CONTINUE_FINAL_MESSAGE_TAG ";

    private final Map<String, Template> templates;
    private final Map<String, String> specialTokens;

    ChatTemplate(Map<String, Template> templates, Map<String, String> specialTokens) {
        this.templates = templates;
        this.specialTokens = specialTokens;
    }

    /// Reads the template of a model folder: `chat_template.jinja` (and `additional_chat_templates`), or
    /// `chat_template` of `tokenizer_config.json`, one or several with names; and the special tokens, which are
    /// variables of it.
    ///
    /// @throws IllegalArgumentException naming the folder, if it has no template or one that cannot be parsed
    public static ChatTemplate load(Path folder) {
        return ChatTemplateFiles.read(folder);
    }

    /// Parses a template.
    ///
    /// @param specialTokens variables such as `bos_token`, with their texts
    public static ChatTemplate of(String template, Map<String, String> specialTokens) {
        return new ChatTemplate(Map.of("default", Template.parse(template)), Map.copyOf(specialTokens));
    }

    /// The texts of the templates by name; the one for an ordinary chat is `default`.
    public Map<String, String> sources() {
        Map<String, String> sources = new TreeMap<>();
        templates.forEach((name, template) -> sources.put(name, template.source()));
        return sources;
    }

    /// Whether a template marks what the assistant said, so that [RenderedChat#generated] has it.
    public boolean marksGenerated() {
        return templates.values().stream()
                .anyMatch(template -> GENERATION.matcher(template.source()).find());
    }

    /// Renders a conversation, at the time of the system's clock.
    ///
    /// @throws org.zebralm.tokenizer.jinja.TemplateException if the template refuses the conversation
    public RenderedChat render(Chat chat) {
        return render(chat, Clock.system(ZoneId.systemDefault()));
    }

    /// Renders a conversation.
    ///
    /// @param clock what templates that write the date read
    public RenderedChat render(Chat chat, Clock clock) {
        Template template = choose(chat);
        if (chat.continued() == null) {
            Template.Rendered rendered = template.render(variables(chat, chat.messages()), clock);
            return new RenderedChat(rendered.text(), rendered.generated(), rendered.isLocated());
        }
        return new RenderedChat(continued(chat, chat.continued(), template, clock), List.of(), true);
    }

    private Template choose(Chat chat) {
        String name = chat.template() != null
                ? chat.template()
                : chat.tools() != null && templates.containsKey("tool_use") ? "tool_use" : "default";
        Template template = templates.get(name);
        if (template == null) {
            throw new IllegalArgumentException(
                    "a chat template must be one of " + templates.keySet() + ": got " + name);
        }
        return template;
    }

    private Map<String, @Nullable Object> variables(Chat chat, List<? extends Map<String, ?>> messages) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialTokens);
        variables.putAll(chat.variables());
        variables.put("messages", messages);
        variables.put("tools", chat.tools());
        variables.put("documents", chat.documents());
        variables.put("add_generation_prompt", chat.addGenerationPrompt());
        return variables;
    }

    private String continued(Chat chat, String key, Template template, Clock clock) {
        if (!template.source().contains(key)) {
            throw new IllegalArgumentException(
                    "a chat can be continued only at a key that its template reads: got " + key);
        }
        List<Map<String, ?>> messages = new ArrayList<>(chat.messages());
        Map<String, Object> last = new LinkedHashMap<>(messages.removeLast());
        Object content = last.get(key);
        String end;
        if (content instanceof String text) {
            end = text;
            last.put(key, text + END);
        } else if (content instanceof List<?> parts) {
            List<Object> marked = new ArrayList<>(parts);
            end = markLastText(marked);
            last.put(key, marked);
        } else {
            throw new IllegalArgumentException("a chat to be continued must end with a message that has the text " + key
                    + ": got " + last.keySet());
        }
        messages.add(last);
        String text = template.render(variables(chat, messages), clock).text();
        int at = text.lastIndexOf(END.strip());
        if (at < 0 || !text.contains(end.strip())) {
            throw new IllegalArgumentException(
                    "a chat to be continued must be rendered with its last message whole, which this template does not");
        }
        return text.startsWith(END, at)
                ? text.substring(0, at)
                : text.substring(0, at).stripTrailing();
    }

    private static String markLastText(List<Object> parts) {
        for (int i = parts.size() - 1; i >= 0; i--) {
            if (parts.get(i) instanceof Map<?, ?> part && part.get("text") instanceof String text) {
                Map<Object, Object> marked = new LinkedHashMap<>(part);
                marked.put("text", text + END);
                parts.set(i, marked);
                return text;
            }
        }
        throw new IllegalArgumentException("a chat to be continued must end with a message that has a part with text");
    }
}
