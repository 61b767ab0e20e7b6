package org.zebralm.cli;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jline.keymap.KeyMap;
import org.jline.reader.Binding;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.Reference;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.Terminal.SignalHandler;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/// A person at a terminal: lines can be edited and called back, commands completed.
///
/// Alt-Enter begins a new line within a message, and text that is pasted keeps its lines.
final class TerminalChatScreen implements ChatScreen {
    private static final String NEW_LINE = "zebra-new-line";
    private static final String DIM = "\033[2m";
    private static final String RED = "\033[31m";
    private static final String BOLD = "\033[1m";
    private static final String USUAL = "\033[0m";

    private final Terminal terminal;
    private final LineReader reader;
    private final boolean hasColor;

    TerminalChatScreen(Terminal terminal, boolean hasColor, List<String> commands) {
        this.terminal = terminal;
        this.hasColor = hasColor;
        reader = LineReaderBuilder.builder()
                .terminal(terminal)
                .appName("zebra")
                // A message is text: nothing in it quotes or escapes.
                .parser(new DefaultParser().quoteChars(new char[0]).escapeChars(new char[0]))
                .completer(new StringsCompleter(commands))
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
                .option(LineReader.Option.BRACKETED_PASTE, true)
                .option(LineReader.Option.INSERT_TAB, true)
                .build();
        reader.getWidgets().put(NEW_LINE, () -> {
            reader.getBuffer().write("\n");
            return true;
        });
        KeyMap<Binding> keys = Objects.requireNonNull(reader.getKeyMaps().get(LineReader.MAIN));
        keys.bind(new Reference(NEW_LINE), KeyMap.alt('\r'), KeyMap.alt('\n'));
    }

    /// Takes the terminal that the program was started in.
    static TerminalChatScreen ofThisProgram(boolean hasColor, List<String> commands) throws IOException {
        return new TerminalChatScreen(TerminalBuilder.builder().system(true).build(), hasColor, commands);
    }

    @Override
    public @Nullable String readLine(boolean isFirst) {
        try {
            return reader.readLine(isFirst ? styled(BOLD, "> ") : styled(DIM, "… "));
        } catch (UserInterruptException e) {
            throw new CancellationException("the line was given up");
        } catch (EndOfFileException e) {
            return null;
        }
    }

    private String styled(String style, String text) {
        return hasColor ? style + text + USUAL : text;
    }

    @Override
    public boolean show(String piece) {
        terminal.writer().print(piece);
        terminal.flush();
        return true;
    }

    @Override
    public void println(String line) {
        terminal.writer().println(line);
        terminal.flush();
    }

    @Override
    public void note(String line) {
        println(styled(DIM, line));
    }

    @Override
    public void error(String line) {
        println(styled(RED, line));
    }

    @Override
    public Interrupt onInterrupt(Runnable what) {
        SignalHandler before = terminal.handle(Signal.INT, _ -> what.run());
        boolean echoed = terminal.echo(false); // keys pressed meanwhile would stand within the answer
        return () -> {
            terminal.echo(echoed);
            terminal.handle(Signal.INT, before);
        };
    }

    @Override
    public boolean isInteractive() {
        return true;
    }

    @Override
    public void close() {
        try {
            terminal.close();
        } catch (IOException _) {
            // The program ends; the terminal has nothing left to lose.
        }
    }
}
