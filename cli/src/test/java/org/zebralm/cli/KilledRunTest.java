package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/// `zebra train` in processes of its own that are killed (SIGKILL) at random moments, beside one that is
/// left alone.
///
/// A state is saved after every step, so that saving is a good part of a run's life and some kills land
/// in it: what a process killed there leaves is a file that was being written.
class KilledRunTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long PATIENCE_SECONDS = 300;

    @TempDir
    Path folder;

    @Test
    void aRunKilledTwiceEndsAsTheOneLeftAlone() throws Exception {
        check(2, 40, 300, 1);
    }

    @Test
    @Tag("slow")
    @DisabledOnOs(OS.WINDOWS) // whose file system keeps what a killed process had open for a while
    void aRunKilledTwentyTimesEndsAsTheOneLeftAlone() throws Exception {
        Toll toll = check(20, 700, 900, 2);
        assertThat(toll.whileSaving())
                .as("kills while a state was being written")
                .isPositive();
    }

    /// What the kills hit.
    ///
    /// @param whileSaving a state was being written
    /// @param whileStarting no step had been done since the process began
    private record Toll(int kills, int whileSaving, int whileStarting) {}

    private Toll check(int kills, int steps, int mostMillis, long seed) throws Exception {
        var random = new SplittableRandom(seed);
        Path text = folder.resolve("text.txt");
        Files.writeString(text, MadeUpText.of(random, 120_000));
        Path whole = folder.resolve("whole");
        Path killed = folder.resolve("killed");
        finish(whole, text, steps);

        int whileSaving = 0;
        int whileStarting = 0;
        for (int kill = 0; kill < kills; kill++) {
            int before = lastStep(killed);
            Process process = start(killed, text, steps);
            if (kill % 4 == 3) {
                // At any moment of its life, the start of the JVM included.
                Thread.sleep(random.nextInt(4 * mostMillis));
            } else {
                awaitStepAfter(before, killed, process);
                Thread.sleep(random.nextInt(mostMillis));
            }
            assertThat(process.isAlive())
                    .as("still running at kill " + kill + "; give it more steps")
                    .isTrue();
            process.destroyForcibly().waitFor(); // SIGKILL
            assertThat(process.exitValue()).isEqualTo(128 + 9);
            whileSaving += halfWritten(killed) > 0 ? 1 : 0;
            whileStarting += lastStep(killed) == before ? 1 : 0;
        }
        String output = finish(killed, text, steps);
        var toll = new Toll(kills, whileSaving, whileStarting);
        System.out.println(toll + " over " + steps + " steps");

        assertThat(output).contains("resumed    at step").doesNotContain("damaged");
        assertSameBytes("model/model.safetensors", whole, killed);
        // Weights, moments, counters, settings: all of the state.
        assertSameBytes("checkpoints/step-%08d.safetensors".formatted(steps), whole, killed);
        assertThat(losses(killed)).isEqualTo(losses(whole)).hasSize(steps);
        assertThat(halfWritten(killed)).isZero();
        return toll;
    }

    private static void assertSameBytes(String file, Path a, Path b) throws IOException {
        assertThat(Files.mismatch(a.resolve(file), b.resolve(file)))
                .as("first byte of " + file + " that differs")
                .isEqualTo(-1);
    }

    /// Returns what the metrics say of each step, its loss and its gradient's norm; no step may be there
    /// twice.
    private static Map<Integer, String> losses(Path run) throws IOException {
        Map<Integer, String> losses = new TreeMap<>();
        for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
            JsonNode node = JSON.readTree(line);
            if (node.has("loss")) {
                String before = losses.put(node.get("step").asInt(), node.get("loss") + " " + node.get("gradientNorm"));
                assertThat(before)
                        .as("an earlier line of step " + node.get("step"))
                        .isNull();
            }
        }
        return losses;
    }

    private static String finish(Path run, Path text, int steps) throws Exception {
        Process process = start(run, text, steps);
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        String output = Files.readString(log(run));
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    private static Process start(Path run, Path text, int steps) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1", // half the time to start; the numbers are the same
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "train",
                "--out=" + run,
                "--data=[" + text + "]",
                "--vocabSize=1000",
                "--model.hiddenSize=128",
                "--model.intermediateSize=256",
                "--model.numLayers=2",
                "--model.numHeads=2",
                "--model.numKvHeads=1",
                "--model.headDim=32",
                "--model.layerGroupSize=2",
                "--model.window=9",
                "--train.contextLength=32",
                "--train.batchRows=1",
                "--train.schedule.warmupSteps=2",
                "--train.validateEvery=7",
                "--train.saveEvery=1",
                "--train.steps=" + steps));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log(run).toFile())
                .start();
    }

    private static Path log(Path run) {
        return run.resolveSibling(run.getFileName() + ".log");
    }

    private static void awaitStepAfter(int step, Path run, Process process) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (lastStep(run) <= step) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                fail("no step was done: " + Files.readString(log(run)));
            }
            Thread.sleep(5);
        }
    }

    /// Returns the step of the last state saved, 0 before the first.
    private static int lastStep(Path run) throws IOException {
        return names(run).stream()
                .filter(name -> name.startsWith("step-") && name.endsWith(".safetensors"))
                .mapToInt(name -> Integer.parseInt(name.substring(5, 13)))
                .max()
                .orElse(0);
    }

    private static long halfWritten(Path run) throws IOException {
        return names(run).stream().filter(name -> name.endsWith(".tmp")).count();
    }

    private static List<String> names(Path run) throws IOException {
        Path checkpoints = run.resolve("checkpoints");
        if (!Files.isDirectory(checkpoints)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(checkpoints)) {
            return entries.map(entry -> entry.getFileName().toString()).toList();
        }
    }
}
