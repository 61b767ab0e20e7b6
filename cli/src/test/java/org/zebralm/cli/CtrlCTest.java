package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

class CtrlCTest {
    /// Works until it is told to stop, then saves.
    static final class Worker {
        static void main() throws InterruptedException {
            try (var stop = CtrlC.listen("saving")) {
                System.out.println("working");
                while (!stop.pressed()) {
                    Thread.sleep(5);
                }
                System.out.println("saved");
            }
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS) // has no signals: a process is ended without a word
    void theVerbSavesBeforeTheProgramEnds() throws Exception {
        Process process = start(Worker.class);
        try (BufferedReader output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("working");
            process.toHandle().destroy(); // SIGTERM, which takes the way of Ctrl-C's SIGINT
            assertThat(output.lines()).contains("Stopping: saving... (once more ends at once)", "saved");
        }
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(143);
    }

    /// Never comes to an end by itself.
    static final class Stuck {
        static void main() throws InterruptedException {
            try (var stop = CtrlC.listen("saving")) {
                System.out.println("working");
                while (stop.pressed() || !stop.pressed()) {
                    Thread.sleep(1000);
                }
            }
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aSecondSignalEndsItAtOnce() throws Exception {
        Process process = start(Stuck.class);
        try (BufferedReader output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("working");
            process.toHandle().destroy();
            assertThat(output.readLine()).isEmpty();
            assertThat(output.readLine()).startsWith("Stopping: saving...");
            assertThat(process.isAlive()).isTrue();
            process.toHandle().destroy();
            assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(process.exitValue()).isEqualTo(143);
    }

    private static Process start(Class<?> program) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        program.getName())
                .redirectErrorStream(true)
                .start();
    }

    @Test
    void nothingHappensWhenNobodyPresses() {
        try (var stop = CtrlC.listen("saving")) {
            assertThat(stop.pressed()).isFalse();
        }
    }
}
