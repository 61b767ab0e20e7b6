package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class FailureTest {
    @Test
    void aUsersMistakeIsToldInItsOwnWords() {
        assertFailure(
                new IllegalArgumentException("window must be at least 1: got 0"),
                "window must be at least 1: got 0",
                1);
    }

    @Test
    void filesAreNamedWithWhatIsWrong() {
        assertFailure(new NoSuchFileException("a.txt"), "no such file or folder: a.txt", 1);
        assertFailure(new UncheckedIOException(new AccessDeniedException("/out")), "no permission for /out", 1);
        assertFailure(
                new UncheckedIOException("model.safetensors", new IOException("cut short")),
                "model.safetensors: cut short",
                1);
        assertFailure(new FileSystemException("a", null, "Is a directory"), "a: Is a directory", 1);
    }

    @Test
    void aFullDiskIsRecognizedHoweverItArrives() {
        String full = "the disk is full%s: free some space or write elsewhere";
        assertFailure(new UncheckedIOException(new IOException("No space left on device")), full.formatted(""), 1);
        assertFailure(
                new IllegalStateException(new FileSystemException("/out/a", null, "No space left on device")),
                full.formatted(" (/out/a)"),
                1);
    }

    @Test
    void memoryThatRunsOutSaysWhichAndWhatToDo() {
        assertThat(Failure.of(new OutOfMemoryError("Java heap space")).message())
                .startsWith("out of Java memory (limit ")
                .contains("ZEBRA_JAVA_OPTS=-Xmx8g");
        assertThat(Failure.of(new RuntimeException(
                                "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to"
                                        + " allocate 4096 bytes.\nframe #0 ..."))
                        .message())
                .startsWith("the machine has too little free memory")
                .doesNotContain("frame");
    }

    @Test
    void anInterruptHasItsOwnCode() {
        assertFailure(new ExecutionException(new InterruptedException()), "interrupted", 130);
    }

    @Test
    void whatNobodyExpectedSaysHowToSeeMore() {
        assertFailure(
                new IllegalStateException("broken\nmore"),
                "unexpected IllegalStateException: broken; run again with --verbose and report it",
                1);
        assertFailure(
                new NullPointerException(),
                "unexpected NullPointerException: NullPointerException; run again with --verbose and report it",
                1);
    }

    @Test
    void aRingOfCausesEnds() {
        var a = new IllegalStateException("a");
        var b = new IllegalStateException("b", a);
        a.initCause(b);
        assertThat(Failure.of(a).message()).contains("a");
    }

    @Test
    void theStackTraceIsShownOnRequestOnly() {
        Failure failure = Failure.of(new IllegalArgumentException("no"));
        assertThat(print(failure, false)).isEqualTo("zebra: no" + System.lineSeparator());
        assertThat(print(failure, true)).startsWith("zebra: no").contains("at org.zebralm.cli.FailureTest");
    }

    private static void assertFailure(Throwable thrown, String message, int exitCode) {
        assertThat(Failure.of(thrown)).isEqualTo(new Failure(thrown, message, exitCode));
    }

    private static String print(Failure failure, boolean verbose) {
        var text = new StringWriter();
        failure.print(new PrintWriter(text), verbose);
        return text.toString();
    }
}
