package org.zebralm.cli;

import java.io.Console;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Where output goes and what may be done there.
///
/// @param interactive a person watches: a line may be drawn over
/// @param color escape sequences for colour are welcome
/// @param width columns of a line
public record Terminal(PrintStream out, boolean interactive, boolean color, int width) {
    private static final int USUAL_WIDTH = 100;

    /// Standard error, where progress belongs: standard output stays clean for what a program reads.
    @SuppressWarnings("SystemConsoleNull") // JDK 25 returns null again when nobody sits there (JDK-8351435)
    public static Terminal stderr() {
        Console console = System.console();
        return of(
                System.err,
                console != null && console.isTerminal(),
                System.getenv("TERM"),
                System.getenv("NO_COLOR"),
                System.getenv("COLUMNS"));
    }

    static Terminal of(
            PrintStream out,
            boolean isTerminal,
            @Nullable String term,
            @Nullable String noColor,
            @Nullable String columns) {
        boolean interactive = isTerminal && !"dumb".equals(term);
        boolean color = interactive && (noColor == null || noColor.isEmpty());
        boolean usable = columns != null && columns.matches("[1-9]\\d{1,3}");
        return new Terminal(out, interactive, color, usable ? Integer.parseInt(columns) : USUAL_WIDTH);
    }

    /// Whether characters beyond ASCII arrive as they are.
    boolean unicode() {
        return out.charset().equals(StandardCharsets.UTF_8);
    }
}
