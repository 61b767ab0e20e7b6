package org.zebralm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.zebralm.generate.GenerationException;
import org.zebralm.train.TrainingDiverged;

/// How a verb ended that did not end well: one line for the user, and an exit code.
///
/// What a user can cause arrives as `IllegalArgumentException` or an I/O error and is told in its own words. Anything
/// else is a fault of ours and says how to see more.
record Failure(Throwable cause, String message, int exitCode) {

    static Failure of(Throwable thrown) {
        if (causes(thrown).anyMatch(Failure::isInterrupt)) {
            return new Failure(thrown, "interrupted", Main.INTERRUPTED);
        }
        return new Failure(thrown, describe(thrown), Main.FAILED);
    }

    /// Prints the line, or with `verbose` also the stack trace; returns the exit code.
    int print(PrintWriter err, boolean verbose) {
        err.println("zebra: " + message);
        if (verbose) {
            cause.printStackTrace(err);
        }
        err.flush();
        return exitCode;
    }

    private static String describe(Throwable thrown) {
        if (causes(thrown).anyMatch(Failure::isDiskFull)) {
            return "the disk is full%s: free some space or write elsewhere".formatted(where(thrown));
        }
        if (causes(thrown).anyMatch(OutOfMemoryError.class::isInstance)) {
            return "out of Java memory (limit %s): allow more with ZEBRA_JAVA_OPTS=-Xmx8g, or do less at once"
                    .formatted(Units.bytes(Runtime.getRuntime().maxMemory()));
        }
        if (causes(thrown).anyMatch(Failure::isNativeOutOfMemory)) {
            return "the machine has too little free memory for this: use a smaller batch, context or model (%s)"
                    .formatted(firstLine(thrown));
        }
        return switch (thrown) {
            // Some list several problems, a line each.
            case IllegalArgumentException e -> Objects.requireNonNullElse(e.getMessage(), e.toString());
            case UncheckedIOException e -> {
                IOException cause = Objects.requireNonNull(e.getCause());
                // The default message of the wrapper is the class name of what it wraps.
                yield cause.toString().equals(e.getMessage()) ? describe(cause) : firstLine(e) + ": " + describe(cause);
            }
            case TrainingDiverged e -> firstLine(e);
            case GenerationException e -> firstLine(e);
            case NoSuchFileException e -> "no such file or folder: " + e.getFile();
            case AccessDeniedException e -> "no permission for " + e.getFile();
            case FileAlreadyExistsException e -> "it exists already: " + e.getFile();
            case NotDirectoryException e -> "not a folder: " + e.getFile();
            case FileSystemException e -> e.getReason() == null ? firstLine(e) : e.getFile() + ": " + e.getReason();
            case IOException e -> firstLine(e);
            default ->
                "unexpected %s: %s; run again with --verbose and report it"
                        .formatted(thrown.getClass().getSimpleName(), firstLine(thrown));
        };
    }

    private static boolean isInterrupt(Throwable t) {
        return t instanceof InterruptedException || t instanceof ClosedByInterruptException;
    }

    private static boolean isDiskFull(Throwable t) {
        return t instanceof IOException && says(t, "no space left", "not enough space", "disk quota exceeded");
    }

    /// libtorch throws a plain RuntimeException with C++'s words.
    private static boolean isNativeOutOfMemory(Throwable t) {
        return t instanceof RuntimeException && says(t, "can't allocate memory", "not enough memory", "out of memory");
    }

    private static boolean says(Throwable t, String... words) {
        String message = Objects.requireNonNullElse(t.getMessage(), "").toLowerCase(Locale.ROOT);
        return Stream.of(words).anyMatch(message::contains);
    }

    private static String where(Throwable thrown) {
        return causes(thrown)
                .filter(FileSystemException.class::isInstance)
                .map(t -> ((FileSystemException) t).getFile())
                .filter(Objects::nonNull)
                .findFirst()
                .map(file -> " (" + file + ")")
                .orElse("");
    }

    private static Stream<Throwable> causes(Throwable thrown) {
        // A chain of causes may be a ring; nobody nests twenty deep.
        return Stream.iterate(thrown, Objects::nonNull, Throwable::getCause).limit(20);
    }

    private static String firstLine(Throwable t) {
        String message = t.getMessage();
        return message == null || message.isBlank()
                ? t.getClass().getSimpleName()
                : message.lines()
                        .filter(line -> !line.isBlank())
                        .findFirst()
                        .orElseThrow()
                        .strip();
    }
}
