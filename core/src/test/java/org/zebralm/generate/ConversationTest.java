package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.cache.PrefixUse;
import org.zebralm.testing.TinyTextModels;
import org.zebralm.tokenizer.ChatTemplate;

class ConversationTest {
    private static final SamplingConfig SHORT = TinyTextModels.printable(10);
    private static final EngineConfig EXACT_REUSE = new EngineConfig.Builder()
            .cacheBytes(64 << 20)
            .invariance(EngineConfig.Invariance.OFF)
            .build();

    @TempDir
    Path folder;

    @SuppressWarnings("NullAway.Init") // set before each test
    private LanguageModel model;

    @BeforeEach
    void open() throws IOException {
        model = LanguageModel.at(TinyTextModels.writeChat(folder, 512))
                .engine(EXACT_REUSE)
                .open();
    }

    @AfterEach
    void close() {
        model.close();
    }

    /// What the model says to a text that was written out by hand.
    private String answerTo(String rendered, SamplingConfig sampling) {
        return new Generator(model.zebra(), model.folder().stopTokenIds(), model.tokenizer())
                .stream(model.tokenizer().encode(rendered), sampling, _ -> true).text();
    }

    private static String by(String role, String content) {
        return "<" + role + ">" + content + "<|endoftext|>";
    }

    private static PrefixUse use(Conversation chat) {
        return Objects.requireNonNull(chat.lastResult()).prefix();
    }

    @Test
    void answersAreThoseToTheHistoryWrittenOutByHand() {
        Conversation chat = model.chat(SHORT).system("Be brief.");
        String begun = by("system", "Be brief.") + by("user", "Hello");
        String first = chat.ask("Hello");
        assertThat(first).hasSize(10).isEqualTo(answerTo(begun + "<assistant>", SHORT));
        String second = chat.ask("And then?");
        String gone = begun + by("assistant", first) + by("user", "And then?");
        assertThat(second).isEqualTo(answerTo(gone + "<assistant>", SHORT));
        assertThat(chat.messages())
                .containsExactly(
                        Message.system("Be brief."),
                        Message.user("Hello"),
                        Message.assistant(first),
                        Message.user("And then?"),
                        Message.assistant(second));
    }

    @Test
    void onlyWhatIsNewIsComputed() {
        Conversation chat = model.chat(SHORT);
        assertThat(chat.lastResult()).isNull();
        chat.ask("Hello");
        int begun = by("user", "Hello").length() - "<|endoftext|>".length() + 1 + "<assistant>".length();
        assertThat(use(chat)).isEqualTo(new PrefixUse(begun, 0, 0, 0, PrefixUse.Limit.EMPTY));
        chat.ask("More");
        PrefixUse use = use(chat);
        // All but the last token of the answer was computed; its keys come with the next.
        assertThat(use.reused()).isBetween(begun + 9, begun + 10);
        assertThat(use.limit()).isEqualTo(PrefixUse.Limit.ENDS);
        chat.regenerate().await();
        assertThat(use(chat).reused()).isEqualTo(use.promptTokens() - 1);
        assertThat(use(chat).limit()).isEqualTo(PrefixUse.Limit.NONE);
    }

    @Test
    void anotherAnswerTakesThePlaceOfTheLast() {
        SamplingConfig random =
                new SamplingConfig.Builder(SHORT).temperature(2).seed(7).build();
        Conversation chat = model.chat(random);
        String first = chat.ask("Hello");
        String other = chat.regenerate().await().generation().text();
        String begun = by("user", "Hello") + "<assistant>";
        assertThat(first).isEqualTo(answerTo(begun, random));
        assertThat(other)
                .isNotEqualTo(first)
                .isEqualTo(answerTo(
                        begun, new SamplingConfig.Builder(random).seed(8).build()));
        assertThat(chat.messages()).containsExactly(Message.user("Hello"), Message.assistant(other));
    }

    @Test
    void theHistoryCanBeTakenBackEditedAndBranched() {
        Conversation chat = model.chat(SHORT);
        assertThat(chat.undo()).isFalse();
        assertThatIllegalStateException().isThrownBy(chat::regenerate).withMessageContaining("no question");
        String first = chat.ask("One");
        chat.ask("Two");
        Conversation branch = chat.branch();
        assertThat(chat.undo()).isTrue();
        assertThat(chat.messages()).containsExactly(Message.user("One"), Message.assistant(first));
        assertThat(branch.messages()).hasSize(4);
        chat.edit(0, "Uno");
        assertThat(chat.ask("Three"))
                .isEqualTo(answerTo(
                        by("user", "Uno") + by("assistant", first) + by("user", "Three") + "<assistant>", SHORT));
        chat.system("Keep this").clear();
        assertThat(chat.messages()).containsExactly(Message.system("Keep this"));
        chat.system(" ");
        assertThat(chat.messages()).isEmpty();
        chat.replace(branch.messages());
        assertThat(chat.messages()).isEqualTo(branch.messages());
    }

    @Test
    void aCancelledAnswerStaysAsFarAsItCame() {
        Conversation chat = model.chat(TinyTextModels.printable(400));
        LiveOutput output = chat.say("Hello");
        var seen = new StringBuilder(output.texts().next());
        output.cancel();
        output.texts().forEachRemaining(seen::append);
        assertThat(seen.length()).isLessThan(400);
        assertThat(chat.messages()).containsExactly(Message.user("Hello"), Message.assistant(seen.toString()));
    }

    @Test
    void aQuestionThatCannotBeAskedIsForgotten() {
        Conversation chat = model.chat(SHORT);
        String first = chat.ask("Hello");
        List<Message> history = chat.messages();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chat.ask("z".repeat(600)))
                .withMessageContaining("512 positions");
        assertThat(chat.messages()).isEqualTo(history).endsWith(Message.assistant(first));
        chat.sampling(new SamplingConfig.Builder().numSamples(2).build());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> chat.ask("two"))
                .withMessageContaining("got numSamples 2");
        chat.sampling(SHORT);
        LiveOutput lost = chat.say("lost");
        model.engine().close();
        assertThat(lost.result()).isDone();
        assertThat(chat.messages()).hasSizeBetween(2, 4).startsWith(history.toArray(Message[]::new));
    }

    @Test
    void theOldestExchangesAreLeftOutOnRequest() {
        Conversation chat = model.chat(SHORT).system("Stay").onOverflow(GenerationRequest.Overflow.SLIDE);
        List<String> answers = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            answers.add(chat.ask("Question number " + i));
        }
        int out = chat.numLeftOut();
        assertThat(out).isPositive().isEven();
        assertThat(chat.messages()).hasSize(1 + 28);
        var rendered = new StringBuilder(by("system", "Stay"));
        for (int i = out / 2; i < 14; i++) {
            rendered.append(by("user", "Question number " + i));
            if (i < 13) {
                rendered.append(by("assistant", answers.get(i)));
            }
        }
        assertThat(answers.getLast()).isEqualTo(answerTo(rendered + "<assistant>", SHORT));
        assertThat(use(chat).promptTokens()).isLessThanOrEqualTo(512 - 10);
    }

    @Test
    void aModelWithoutATemplateSaysWhatToDo() throws IOException {
        Files.delete(folder.resolve("chat_template.jinja"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> model.chat(SHORT))
                .withMessageContaining("has no chat template")
                .withMessageContaining("ChatFormat.plain()");
        Conversation chat = model.chat(SHORT, ChatFormat.plain()).system("Be brief.");
        String first = chat.ask("Hello");
        assertThat(first).isEqualTo(answerTo("Be brief.\n\nUser: Hello\nAssistant:", SHORT));
        assertThat(chat.ask("Why?"))
                .isEqualTo(answerTo(
                        "Be brief.\n\nUser: Hello\nAssistant: " + first.strip() + "\nUser: Why?\nAssistant:", SHORT));
    }

    @Test
    void variablesReachTheTemplate() {
        Conversation chat = model.chat(
                        SHORT,
                        ChatFormat.of(ChatTemplate.of("{{ messages[-1].content }}{% if loud %}!{% endif %}", Map.of())))
                .variable("loud", true);
        assertThat(chat.ask("Hello")).isEqualTo(answerTo("Hello!", SHORT));
    }
}
