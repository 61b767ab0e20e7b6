package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressBarTest {
    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final AtomicLong now = new AtomicLong(5 * SECOND);

    @Test
    void aPipeGetsPlainLinesNowAndThen() {
        try (var progress = bar(false, 100, StandardCharsets.UTF_8)) {
            for (int step = 0; step <= 60; step++) {
                progress.update(step, "loss %d".formatted(step));
                now.addAndGet(SECOND / 2);
            }
            progress.println("saved");
        }

        assertThat(printed()).isEqualTo("""
                        train  0/60  loss 0
                        train  20/60  loss 20  20s left
                        train  40/60  loss 40  10s left
                        train  60/60  loss 60  in 30s
                        saved
                        """);
    }

    @Test
    void aPipeGetsTheLastStateWhenTheWorkEndsEarly() {
        try (var progress = bar(false, 100, StandardCharsets.UTF_8)) {
            progress.update(0, "");
            now.addAndGet(SECOND);
            progress.update(7, "");
        }
        assertThat(printed()).isEqualTo("train  0/60\ntrain  7/60  8s left\n");
    }

    @Test
    void aTerminalGetsOneLineDrawnOver() {
        try (var progress = bar(true, 60, StandardCharsets.UTF_8)) {
            progress.update(0, "loss 9");
            now.addAndGet(10 * SECOND);
            progress.update(30, "loss 4");
        }
        assertThat(printed().split("\r"))
                .startsWith(
                        "",
                        "\033[Ktrain ░░░░░░░░░░░░░░░░░░░░░░░░  0/60  loss 9",
                        "\033[Ktrain ████████████░░░░░░░░░░░░  30/60  loss 4  10s left");
        assertThat(printed()).endsWith("\n").containsOnlyOnce("\n");
    }

    @Test
    void noLineIsAsWideAsTheTerminal() {
        for (int width : new int[] {10, 20, 30, 40, 80, 200}) {
            bytes.reset();
            try (var progress = bar(true, width, StandardCharsets.UTF_8)) {
                progress.update(1, "loss 1.234  12.3k tok/s");
                now.addAndGet(SECOND);
                progress.update(59, "loss 1.234  12.3k tok/s");
            }
            assertThat(printed().replace("\033[K", "").strip().split("\r"))
                    .allSatisfy(line -> assertThat(line.length()).isLessThan(width));
        }
    }

    @Test
    void drawsAtMostTenTimesASecond() {
        try (var progress = bar(true, 100, StandardCharsets.UTF_8)) {
            for (int i = 0; i < 50; i++) {
                progress.update(i, "");
                now.addAndGet(SECOND / 100);
            }
        }
        assertThat(printed().chars().filter(c -> c == '\r').count()).isEqualTo(6);
    }

    @Test
    void aLineThatStaysGoesAboveTheBar() {
        try (var progress = bar(true, 100, StandardCharsets.UTF_8)) {
            progress.update(1, "");
            progress.println("validation loss 3.3");
        }
        assertThat(printed()).contains("\r\033[Kvalidation loss 3.3\n\r\033[Ktrain");
    }

    @Test
    void aTerminalWithoutUnicodeGetsAscii() {
        try (var progress = bar(true, 60, StandardCharsets.US_ASCII)) {
            progress.update(30, "");
        }
        assertThat(printed()).contains("############------------").doesNotContain("?");
    }

    @Test
    void aResumedRunEstimatesFromItsOwnPace() {
        try (var progress = bar(false, 100, StandardCharsets.UTF_8)) {
            progress.update(50, "");
            now.addAndGet(10 * SECOND);
            progress.update(55, "");
        }
        assertThat(printed()).contains("55/60  10s left");
    }

    @Test
    void nothingDoneNothingPrinted() {
        bar(true, 100, StandardCharsets.UTF_8).close();
        assertThat(printed()).isEmpty();
    }

    @Test
    void totalIsAtLeastOne() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ProgressBar(Terminal.stderr(), "train", 0))
                .withMessage("total must be at least 1: got 0");
    }

    @Test
    void terminalHonoursItsEnvironment() {
        PrintStream out = System.out;
        assertThat(Terminal.of(out, true, "xterm", null, "80")).isEqualTo(new Terminal(out, true, true, 80));
        assertThat(Terminal.of(out, true, "xterm", "1", null)).isEqualTo(new Terminal(out, true, false, 100));
        assertThat(Terminal.of(out, true, "dumb", null, "0")).isEqualTo(new Terminal(out, false, false, 100));
        assertThat(Terminal.of(out, false, "xterm", "", "wide")).isEqualTo(new Terminal(out, false, false, 100));
    }

    private ProgressBar bar(boolean interactive, int width, Charset charset) {
        var out = new PrintStream(bytes, true, charset);
        return new ProgressBar(new Terminal(out, interactive, false, width), "train", 60, now::get);
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
