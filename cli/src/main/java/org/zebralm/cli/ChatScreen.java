package org.zebralm.cli;

import org.jspecify.annotations.Nullable;

/// Where a person, or a script, talks with a model.
interface ChatScreen extends AutoCloseable {
    /// Reads a line.
    ///
    /// @param isFirst whether a message begins with it
    /// @return null where nothing more comes
    /// @throws java.util.concurrent.CancellationException if the person does not want to finish it (Ctrl-C)
    @Nullable
    String readLine(boolean isFirst);

    /// Shows a piece of an answer at once; returns whether anybody still reads.
    boolean show(String piece);

    /// Shows a line that was asked for.
    void println(String line);

    /// Shows a line beside the conversation: figures, and what has been done.
    void note(String line);

    /// Shows what went wrong.
    void error(String line);

    /// Has Ctrl-C do `what` instead of ending the program, until the result is closed.
    Interrupt onInterrupt(Runnable what);

    /// Whether a person sits here, who sees what went wrong and does something else.
    boolean isInteractive();

    @Override
    void close();

    /// Ends what [#onInterrupt] began.
    interface Interrupt extends AutoCloseable {
        @Override
        void close();
    }
}
