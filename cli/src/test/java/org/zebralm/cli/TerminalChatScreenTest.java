package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.LineDisciplineTerminal;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The screen of `zebra chat`, on a made-up terminal whose keys a test presses.
@Timeout(60)
class TerminalChatScreenTest {
    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

    @SuppressWarnings("NullAway.Init") // set before each test
    private LineDisciplineTerminal terminal;

    @SuppressWarnings("NullAway.Init") // set before each test
    private TerminalChatScreen screen;

    @BeforeEach
    void open() throws IOException {
        terminal = new LineDisciplineTerminal("test", "xterm", shown, StandardCharsets.UTF_8);
        screen = new TerminalChatScreen(terminal, false, ChatCommands.names());
    }

    @AfterEach
    void close() {
        screen.close();
    }

    private String shown() {
        return shown.toString(StandardCharsets.UTF_8);
    }

    /// Presses keys once the prompt is there; returns the line that is read.
    private CompletableFuture<@Nullable String> line(String keys) throws Exception {
        shown.reset();
        var line = new CompletableFuture<@Nullable String>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                line.complete(screen.readLine(true));
            } catch (RuntimeException e) {
                line.completeExceptionally(e);
            }
        });
        while (!shown().contains("> ")) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        terminal.processInputBytes(keys.getBytes(StandardCharsets.UTF_8));
        return line;
    }

    @Test
    void aLineIsTextWhateverIsInIt() throws Exception {
        assertThat(line("it's \"odd\" !! \\ ok\r").get()).isEqualTo("it's \"odd\" !! \\ ok");
    }

    @Test
    void altEnterBeginsANewLineAndWhatIsPastedKeepsItsLines() throws Exception {
        assertThat(line("one\033\rtwo\r").get()).isEqualTo("one\ntwo");
        assertThat(line("\033[200~three\rfour\033[201~\r").get()).isEqualTo("three\nfour");
    }

    @Test
    void linesAreCalledBackAndCommandsCompleted() throws Exception {
        assertThat(line("a question\r").get()).isEqualTo("a question");
        assertThat(line("\033OA\r").get()).isEqualTo("a question");
        assertThat(line("/reg\t\r").get()).startsWith("/regenerate");
    }

    @Test
    void ctrlCGivesUpALineAndCtrlDLeaves() throws Exception {
        CompletableFuture<@Nullable String> given = line("half a\003");
        assertThatThrownBy(given::get)
                .isInstanceOfAny(ExecutionException.class, CancellationException.class)
                .satisfies(e -> assertThat(
                                e instanceof CancellationException || e.getCause() instanceof CancellationException)
                        .isTrue());
        assertThat(line("\004").get()).isNull();
    }

    @Test
    void ctrlCStopsAnAnswerAndNothingElse() throws Exception {
        var stopped = new AtomicInteger();
        try (var _ = screen.onInterrupt(stopped::incrementAndGet)) {
            assertThat(screen.show("an ans")).isTrue();
            terminal.raise(Terminal.Signal.INT);
        }
        assertThat(stopped).hasValue(1);
        terminal.raise(Terminal.Signal.INT);
        assertThat(stopped).hasValue(1);
        screen.println("wer");
        assertThat(shown()).contains("an answer");
    }
}
