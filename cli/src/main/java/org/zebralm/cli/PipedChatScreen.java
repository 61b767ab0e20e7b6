package org.zebralm.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/// Messages from a file or a program, one a line: answers go to standard output, all else to standard error.
final class PipedChatScreen implements ChatScreen {
    private final BufferedReader in;
    private final PrintWriter out;
    private final PrintWriter err;

    PipedChatScreen(Reader in, PrintWriter out, PrintWriter err) {
        this.in = new BufferedReader(in);
        this.out = out;
        this.err = err;
    }

    @Override
    public @Nullable String readLine(boolean isFirst) {
        try {
            return in.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read standard input", e);
        }
    }

    @Override
    public boolean show(String piece) {
        out.print(piece);
        out.flush();
        return !out.checkError();
    }

    @Override
    public void println(String line) {
        out.println(line);
        out.flush();
    }

    @Override
    public void note(String line) {
        err.println(line);
        err.flush();
    }

    @Override
    public void error(String line) {
        note("zebra: " + line);
    }

    /// Ctrl-C ends the program, as any other that reads no terminal.
    @Override
    public Interrupt onInterrupt(Runnable what) {
        return () -> {};
    }

    @Override
    public boolean isInteractive() {
        return false;
    }

    @Override
    public void close() {
        out.flush();
    }
}
