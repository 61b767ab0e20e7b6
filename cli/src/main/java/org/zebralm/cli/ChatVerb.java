package org.zebralm.cli;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.generate.ChatFormat;
import org.zebralm.generate.Conversation;
import org.zebralm.generate.EngineConfig;
import org.zebralm.generate.GenerationRequest;
import org.zebralm.generate.LanguageModel;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.tokenizer.ChatTemplate;
import org.zebralm.tokenizer.jinja.TemplateException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zebra chat MODEL`: talks with a model, at a terminal or line by line from a script.
@Command(
        description = {
            "Talk with a model. /help shows what can be done on the way; Ctrl-C stops an answer, Ctrl-D leaves.",
            "Without a terminal each line of standard input is a message; answers go to standard output."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra chat MODEL --system \"Answer in one sentence.\"",
            "  printf 'Hello\\nWhy?\\n' | zebra chat MODEL --temperature 0",
            "  zebra chat zebra-quickstart/model --template plain     a model that has no chat template"
        })
final class ChatVerb implements Callable<Integer> {
    private static final int MOST_TOKENS = 2000;
    private static final String PLAIN = "plain";

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ModelOptions model;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CacheOptions cache;

    @Option(names = "--system", paramLabel = "TEXT", description = "What the model is to keep to.")
    private @Nullable String system;

    @Option(
            names = "--template",
            paramLabel = "plain|FILE",
            description = "Write the conversation out in plain lines, or as a Jinja template has it (default: the"
                    + " model's own).")
    private @Nullable String template;

    @Option(names = "--slide", description = "Leave out the oldest messages of a conversation that no longer fits.")
    private boolean slide;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SamplingOptions sampling;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        SamplingConfig config = sampling.config(MOST_TOKENS);
        // One conversation: to reuse it to the token matters more than the last bits.
        var engine = new EngineConfig.Builder().maxRunning(1).invariance(EngineConfig.Invariance.OFF);
        try (LanguageModel opened =
                        model.builder().engine(cache.into(engine).build()).open();
                ChatScreen screen = screen()) {
            Conversation chat = opened.chat(config, format(opened))
                    .onOverflow(slide ? GenerationRequest.Overflow.SLIDE : GenerationRequest.Overflow.REFUSE);
            if (system != null) {
                chat.system(system);
            }
            if (screen.isInteractive()) {
                screen.note(model.name() + ": /help shows commands, Ctrl-C stops an answer, Ctrl-D leaves");
            }
            return new ChatSession(screen, opened, chat).run();
        }
    }

    private ChatFormat format(LanguageModel opened) throws IOException {
        if (PLAIN.equals(template)) {
            return ChatFormat.plain();
        }
        if (template == null) {
            try {
                return ChatFormat.of(opened.folder().chatTemplate());
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        e.getMessage() + "; --template plain or --template FILE does without", e);
            }
        }
        Path file = Path.of(template);
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("--template must be plain or a file: got " + template);
        }
        try {
            return ChatFormat.of(ChatTemplate.of(
                    Files.readString(file), opened.tokenizer().specialTokens().variables()));
        } catch (TemplateException e) {
            throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
        }
    }

    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null where nobody sits (JDK-8351435)
    private ChatScreen screen() throws IOException {
        var console = System.console();
        if (console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"))) {
            return TerminalChatScreen.ofThisProgram(Terminal.stderr().color(), ChatCommands.names());
        }
        return new PipedChatScreen(
                new InputStreamReader(System.in, StandardCharsets.UTF_8),
                spec.commandLine().getOut(),
                spec.commandLine().getErr());
    }
}
