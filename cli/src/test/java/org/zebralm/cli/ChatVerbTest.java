package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `zebra chat` without a terminal, on a model with random weights.
class ChatVerbTest {
    private static final String FIGURES =
            "\\(8 tokens at \\S+ tok/s; first after [^;]+; \\d+ of \\d+ prompt tokens reused"
                    + ".*; cut off, /set max-tokens N allows more\\)";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path model;

    @TempDir
    Path folder;

    @BeforeEach
    void makeModel() throws IOException {
        TinyTextModel.writeChat(model);
    }

    private int chat(String input, String... options) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        InputStream before = System.in;
        System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
        try {
            String[] command = Stream.concat(
                            // A line break would end a line of what is compared.
                            Stream.of(
                                    "chat",
                                    model.toString(),
                                    "--temperature",
                                    "0",
                                    "--logit-bias",
                                    "95=-100",
                                    "--ignore-eos"),
                            Stream.of(options))
                    .toArray(String[]::new);
            return Main.run(command, new PrintWriter(out), new PrintWriter(err));
        } finally {
            System.setIn(before);
        }
    }

    private List<String> answers(String input, String... options) {
        List<String> all = new ArrayList<>(List.of("--max-tokens", "8"));
        all.addAll(List.of(options));
        assertThat(chat(input, all.toArray(String[]::new))).as(err.toString()).isZero();
        return out.toString().lines().toList();
    }

    /// What `zebra generate` makes of a conversation written out by hand.
    private String continued(String rendered) throws IOException {
        var text = new StringWriter();
        String[] command = {
            "generate",
            model.toString(),
            rendered,
            "--temperature",
            "0",
            "--logit-bias",
            "95=-100",
            "--max-tokens",
            "8",
            "--ignore-eos",
            "--json"
        };
        assertThat(Main.run(command, new PrintWriter(text), new PrintWriter(err)))
                .isZero();
        JsonNode json = new ObjectMapper().readTree(text.toString());
        return json.get("text").asText();
    }

    @Test
    void eachLineIsAMessageAndAnswersGoToStandardOutput() throws IOException {
        List<String> said = answers("Hello\n\nAnd then?\n", "--system", "Be brief.");
        String begun = "system: Be brief.\nuser: Hello\nassistant: ";
        String first = continued(begun);
        String second = continued(begun + first + "\nuser: And then?\nassistant: ");
        assertThat(said).containsExactly(first.stripLeading(), second.stripLeading());
        assertThat(err.toString().lines())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).matches(FIGURES));
        assertThat(err.toString().lines().toList().getLast()).doesNotContain(" 0 of ");
    }

    @Test
    void messagesMayHaveSeveralLines() throws IOException {
        String expected = continued("user: one\ntwo\nassistant: ").stripLeading();
        assertThat(answers("one\\\ntwo\n")).containsExactly(expected);
        assertThat(answers("\"\"\"one\ntwo\"\"\"\n")).containsExactly(expected);
        assertThat(answers("\"\"\"\none\ntwo\n\"\"\"\n")).containsExactly(expected);
        assertThat(answers("\"\"\"one\ntwo")).containsExactly(expected); // where the input ends
    }

    @Test
    void commandsChangeTheConversation() throws IOException {
        String whole = continued("user: Hello\nassistant: ");
        String hello = whole.stripLeading();
        assertThat(answers("Hello\n/regenerate\n/undo\nHello\n/clear\nHello\n"))
                .containsExactly(hello, hello, hello, hello);
        assertThat(err.toString()).contains("(taken back)", "(forgotten)");
        String kept = continued("system: Keep to it\nuser: Hello\nassistant: ").stripLeading();
        assertThat(answers("/system Keep to it\nHello\n/history\n/exit\nnever said\n"))
                .containsExactly(kept, "system: Keep to it", "user: Hello", "assistant: " + kept.strip());
        assertThat(answers("/set max-tokens 3\nHello\n/set\n").getFirst())
                .isEqualTo(whole.substring(0, 3).stripLeading());
        assertThat(out.toString()).contains("temperature 0.0", "max-tokens 3");
        assertThat(answers("/help\n/stats\n").toString())
                .contains("/regenerate", "/load FILE", "Several lines:", "0 messages; cache");
    }

    @Test
    void aConversationIsSavedAndGoesOn() throws IOException {
        Path file = folder.resolve("talk.json");
        List<String> whole = answers("Hello\n/save " + file + "\nMore\n");
        JsonNode saved = new ObjectMapper().readTree(Files.readString(file));
        assertThat(saved.size()).isEqualTo(2);
        assertThat(saved.get(0).get("role").asText()).isEqualTo("user");
        assertThat(saved.get(0).get("content").asText()).isEqualTo("Hello");
        assertThat(answers("/load " + file + "\nMore\n")).containsExactly(whole.getLast());
    }

    @Test
    void mistakesAreOneLineEachAndTheConversationGoesOn() throws IOException {
        Files.writeString(folder.resolve("bad.json"), "{\"role\": 1}");
        String input = String.join(
                "\n",
                "/nothing",
                "/set temperature warm",
                "/set temperature -1",
                "/set colour red",
                "/load " + folder.resolve("missing.json"),
                "/load " + folder.resolve("bad.json"),
                "/save",
                "/regenerate",
                "z".repeat(600),
                "Hello",
                "");
        assertThat(chat(input, "--max-tokens", "8")).isEqualTo(Main.FAILED);
        assertThat(out.toString().lines())
                .containsExactly(continued("user: Hello\nassistant: ").stripLeading());
        assertThat(err.toString().lines().map(line -> line.split(": ", 2)[1]).limit(9))
                .satisfiesExactly(
                        line -> assertThat(line).contains("no command /nothing: /help shows"),
                        line -> assertThat(line).contains("temperature must be a number: got warm"),
                        line -> assertThat(line).contains("temperature must be finite and not negative"),
                        line -> assertThat(line).contains("no setting colour"),
                        line -> assertThat(line).contains("cannot read", "missing.json"),
                        line -> assertThat(line).contains("must be a JSON list of messages"),
                        line -> assertThat(line).contains("/save needs the name of a file"),
                        line -> assertThat(line).contains("there is no question to answer again"),
                        line -> assertThat(line).contains("positions"));
    }

    @Test
    void theOldestMessagesAreLeftOutOnRequest() {
        String talk = "A question of some length\n".repeat(6);
        assertThat(chat(talk, "--max-tokens", "8", "--positions", "128")).isEqualTo(Main.FAILED);
        assertThat(answers(talk, "--positions", "128", "--slide")).hasSize(6);
        assertThat(err.toString()).containsPattern("\\(the oldest \\d+ messages no longer fit");
    }

    @Test
    void otherTemplatesCanBeUsed() throws IOException {
        Path template = folder.resolve("mine.jinja");
        Files.writeString(template, "Q {{ messages[-1].content }} A ");
        assertThat(answers("Hello\n", "--template", template.toString()))
                .containsExactly(continued("Q Hello A ").stripLeading());
        Files.delete(model.resolve("chat_template.jinja"));
        assertThat(answers("Hello\n", "--template", "plain"))
                .containsExactly(continued("User: Hello\nAssistant:").stripLeading());
        assertThat(chat("Hello\n")).isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains("has no chat template", "--template plain")
                .hasLineCount(1);
        assertThat(chat("Hello\n", "--template", "nowhere.jinja")).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("--template must be plain or a file: got nowhere.jinja");
        Files.writeString(template, "{% for %}");
        assertThat(chat("Hello\n", "--template", template.toString())).isEqualTo(Main.FAILED);
        assertThat(err.toString())
                .contains(template + ": chat template, line 1")
                .hasLineCount(1);
    }
}
