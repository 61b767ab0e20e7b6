package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tokenizer.jinja.Template.Span;
import org.zebralm.tokenizer.jinja.TemplateException;

class ChatTemplateTest {
    private static final String PLAIN =
            "{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}"
                    + "{% if add_generation_prompt %}[assistant]{% endif %}";
    private static final List<Map<String, String>> MESSAGES =
            List.of(Chat.message("user", "Hi"), Chat.message("assistant", "Yo "));

    @TempDir
    Path folder;

    private static ChatTemplate plain() {
        return ChatTemplate.of(PLAIN, Map.of("eos_token", "</s>"));
    }

    @Test
    void messagesSpecialTokensAndThePromptAreRendered() {
        assertThat(plain().render(Chat.of(MESSAGES)).text()).isEqualTo("[user]Hi</s>[assistant]Yo </s>");
        assertThat(plain().render(Chat.of(MESSAGES.subList(0, 1)).withGenerationPrompt())
                        .text())
                .isEqualTo("[user]Hi</s>[assistant]");
    }

    @Test
    void aChatIsContinuedWhereItsLastMessageEnds() {
        assertThat(plain().render(Chat.of(MESSAGES).continuingLastMessage()).text())
                .isEqualTo("[user]Hi</s>[assistant]Yo ");
        assertThat(ChatTemplate.of("{{ messages[-1].content | trim }}!", Map.of())
                        .render(Chat.of(MESSAGES).continuingLastMessage())
                        .text())
                .isEqualTo("Yo");
        assertThatThrownBy(() -> ChatTemplate.of("content", Map.of())
                        .render(Chat.of(MESSAGES).continuingLastMessage()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("whole");
    }

    @Test
    void whatTheAssistantSaidIsMarked() {
        String template = "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% else %}"
                + "{%- generation %}{{ m.content }}{% endgeneration %}{% endif %}{% endfor %}";
        ChatTemplate marking = ChatTemplate.of(template, Map.of());

        assertThat(marking.marksGenerated()).isTrue();
        assertThat(plain().marksGenerated()).isFalse();
        assertThat(marking.render(Chat.of(MESSAGES)).generated()).containsExactly(new Span(2, 5));
    }

    @Test
    void foldersAreReadAsTransformersReadsThem() throws IOException {
        Path settings = folder.resolve("tokenizer_config.json");
        Files.writeString(settings, """
                {"bos_token": {"content": "<s>", "lstrip": false}, "eos_token": "</s>", "pad_token": null, "chat_template": [
                  {"name": "default", "template": "{{ bos_token }}plain{{ pad_token is defined }}"},
                  {"name": "tool_use", "template": "tools{{ tools | length }}"}]}""");
        ChatTemplate several = ChatTemplate.load(folder);
        Chat chat = Chat.of(MESSAGES);

        assertThat(several.render(chat).text()).isEqualTo("<s>plainFalse");
        assertThat(several.render(chat.withTools(List.of(Map.of("name", "f")))).text())
                .isEqualTo("tools1");
        assertThat(several.render(chat.with("bos_token", "B")).text()).isEqualTo("BplainFalse");
        assertThatThrownBy(() -> several.render(chat.withTemplate("rag")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rag");

        Files.writeString(folder.resolve("chat_template.jinja"), "{{ eos_token }}file");
        assertThat(ChatTemplate.load(folder).render(chat).text()).isEqualTo("</s>file");
    }

    @Test
    void foldersWithoutAUsableTemplateAreRefusedByName() throws IOException {
        assertThatThrownBy(() -> ChatTemplate.load(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("has no chat template");
        Files.writeString(folder.resolve("chat_template.jinja"), "\n{% if %}");
        assertThatThrownBy(() -> ChatTemplate.load(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("chat_template.jinja")
                .hasMessageContaining("line 2");
    }

    @Test
    void chatsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> Chat.of(List.of())).hasMessageContaining("at least one message");
        assertThatThrownBy(() -> Chat.of(MESSAGES).withGenerationPrompt().continuingLastMessage())
                .hasMessageContaining("both");
        assertThatThrownBy(() -> Chat.of(MESSAGES).with("tools", "x")).hasMessageContaining("tools");
        assertThatThrownBy(() -> ChatTemplate.of("{{ raise_exception('roles!') }}", Map.of())
                        .render(Chat.of(MESSAGES)))
                .isInstanceOf(TemplateException.class)
                .hasMessageContaining("roles!");
    }
}
