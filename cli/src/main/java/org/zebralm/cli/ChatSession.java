package org.zebralm.cli;

import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.zebralm.generate.Conversation;
import org.zebralm.generate.EngineResult;
import org.zebralm.generate.FinishReason;
import org.zebralm.generate.GenerationException;
import org.zebralm.generate.LanguageModel;
import org.zebralm.generate.LiveOutput;

/// A conversation on a screen: reads messages and commands, shows answers as they come and what they took.
final class ChatSession {
    private static final String BLOCK = "\"\"\"";
    private static final char GOES_ON = '\\';

    private final ChatScreen screen;
    private final Conversation chat;
    private final ChatCommands commands;
    private boolean hasFailed;
    private boolean hasEnded;
    private int leftOutBefore;

    ChatSession(ChatScreen screen, LanguageModel model, Conversation chat) {
        this.screen = screen;
        this.chat = chat;
        commands = new ChatCommands(this, screen, model, chat);
    }

    /// Talks until nothing more comes; returns the exit code.
    int run() {
        while (!hasEnded) {
            String message;
            try {
                message = readMessage();
            } catch (CancellationException e) {
                screen.note("(Ctrl-D or /exit leaves)");
                continue;
            }
            if (message == null) {
                break;
            }
            if (!message.isBlank()) {
                answerOrFail(message);
            }
        }
        return hasFailed && !screen.isInteractive() ? Main.FAILED : Main.OK;
    }

    private void answerOrFail(String message) {
        try {
            if (message.startsWith("/")) {
                commands.run(message);
            } else {
                show(chat.say(message));
            }
        } catch (IllegalStateException e) { // nothing there to regenerate
            fail(String.valueOf(e.getMessage()));
        } catch (IllegalArgumentException | GenerationException | UncheckedIOException e) {
            fail(Failure.of(e).message());
        }
    }

    private void fail(String message) {
        hasFailed = true;
        screen.error(message);
    }

    /// Ends the session.
    void end() {
        hasEnded = true;
    }

    /// Reads a message: a line; several, all but the last ending in a backslash; or what stands between two `"""`.
    private @Nullable String readMessage() {
        String line = screen.readLine(true);
        if (line == null) {
            return null;
        }
        if (line.startsWith(BLOCK)) {
            return readBlock(line.substring(BLOCK.length()));
        }
        var message = new StringBuilder();
        while (line != null && !line.isEmpty() && line.charAt(line.length() - 1) == GOES_ON) {
            message.append(line, 0, line.length() - 1).append('\n');
            line = screen.readLine(false);
        }
        return message.append(line == null ? "" : line).toString();
    }

    private String readBlock(String begun) {
        var message = new StringBuilder();
        String line = begun;
        boolean isFirst = true;
        while (line != null) {
            if (line.endsWith(BLOCK)) {
                return message.append(line, 0, line.length() - BLOCK.length())
                        .toString()
                        .strip();
            }
            if (!isFirst || !line.isEmpty()) {
                message.append(line).append('\n');
            }
            isFirst = false;
            line = screen.readLine(false);
        }
        return message.toString().strip();
    }

    /// Shows an answer as it comes.
    void show(LiveOutput output) {
        boolean isRead = true;
        try (var _ = screen.onInterrupt(output::cancel)) {
            boolean hasBegun = false;
            for (Iterator<String> texts = output.texts(); texts.hasNext(); ) {
                String piece = texts.next();
                if (!hasBegun) {
                    piece = piece.stripLeading();
                    hasBegun = !piece.isEmpty();
                }
                isRead = screen.show(piece);
                if (!isRead) {
                    output.cancel();
                    hasEnded = true;
                    break;
                }
            }
        }
        EngineResult result = output.await();
        if (isRead) {
            screen.println("");
            screen.note(figures(result));
            tellLeftOut();
        }
    }

    private static String figures(EngineResult result) {
        var line = new StringBuilder(
                "(%d tokens".formatted(result.generation().tokens().size()));
        if (result.generation().decodeSteps() > 0) {
            line.append(" at %s tok/s".formatted(Units.count(result.generation().decodeTokensPerSecond())));
        }
        line.append("; first after %s; %d of %d prompt tokens reused"
                .formatted(
                        Units.seconds(
                                result.waitedSeconds() + result.generation().prefillSeconds()),
                        result.prefix().promptTokens() - result.prefix().computed(),
                        result.prefix().promptTokens()));
        switch (result.prefix().limit()) {
            case NONE, EMPTY, ENDS -> {}
            case DIVERGES, EVICTED, GRID, LOGPROBS, DISABLED ->
                line.append(": ").append(result.prefix().limit().reason());
        }
        FinishReason reason = result.generation().finishReason();
        switch (reason) {
            case END_OF_SEQUENCE, STOP_STRING, STOP_TOKEN -> {}
            case MAX_TOKENS -> line.append("; cut off, /set max-tokens N allows more");
            case STOPPED -> line.append("; stopped");
            case MAX_POSITIONS -> line.append("; cut off: the model has no more positions");
            case DEADLINE -> line.append("; out of time");
        }
        return line.append(')').toString();
    }

    private void tellLeftOut() {
        int leftOut = chat.numLeftOut();
        if (leftOut > leftOutBefore) {
            screen.note("(the oldest %d messages no longer fit and were left out of the prompt)".formatted(leftOut));
        }
        leftOutBefore = leftOut;
    }
}
