package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
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
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Worker.class.getName())
                .redirectErrorStream(true)
                .start();
        try (BufferedReader output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("working");
            process.toHandle().destroy(); // SIGTERM, which takes the way of Ctrl-C's SIGINT
            assertThat(output.lines()).contains("Stopping: saving...", "saved");
        }
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(143);
    }

    @Test
    void nothingHappensWhenNobodyPresses() {
        try (var stop = CtrlC.listen("saving")) {
            assertThat(stop.pressed()).isFalse();
        }
    }
}
