package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;

/// Event files that we write, read by TensorBoard itself (`oracle/event_files.py`).
///
/// Needs a Python with tensorboard, named by the environment variable `ZEBRA_ORACLE_PYTHON`: see `oracle/README.md`.
@Tag("interop")
class TensorBoardInteropTest {
    @TempDir
    Path folder;

    @Test
    void tensorBoardFindsEveryStepOfAResumedRunOnce() throws IOException, InterruptedException {
        Path before = Files.createDirectory(folder.resolve("before"));
        Path after = folder.resolve("after");
        log(before, 0, 1, 250);
        try (Stream<Path> files = Files.list(before)) {
            Files.createDirectory(after);
            for (Path file : files.toList()) {
                Files.copy(file, after.resolve(file.getFileName()));
            }
        }
        log(after, 200, 201, 300);

        JsonNode report = read(before, after);

        assertThat(report.at("/before/train~1loss")).hasSize(250);
        for (String reader : List.of("fresh", "watching")) {
            JsonNode scalars = report.get(reader);
            JsonNode losses = scalars.get("train/loss");
            assertThat(losses).as(reader).hasSize(300);
            for (int i = 0; i < 300; i++) {
                assertThat(losses.get(i).get(0).asInt()).isEqualTo(i + 1);
                assertThat(losses.get(i).get(1).asDouble()).isEqualTo(loss(i + 1), within(1e-6));
            }
            assertThat(scalars.get("speed/mfu").get(0).get(1).asDouble()).isEqualTo(0.3, within(1e-6));
            assertThat(scalars.get("validation/loss")).as(reader).hasSize(3);
            assertThat(scalars.at("/perplexity_by_position~1256-511/2/0").asInt())
                    .isEqualTo(300);
            assertThat(scalars.at("/perplexity_by_position~1256-511/2/1").asDouble())
                    .isEqualTo(20, within(1e-5));
        }
    }

    private static void log(Path folder, int standsAt, int from, int to) {
        try (var log = TensorBoardLog.open(folder, standsAt)) {
            log.onStart(new RunStart(standsAt, 1, DType.FLOAT32, 1e10, "a machine"));
            for (int step = from; step <= to; step++) {
                log.onStep(StepReports.step(step, loss(step)));
                if (step % 100 == 0) {
                    log.onValidation(
                            step, new Validation(loss(step), List.of(new Validation.Range(256, 512, Math.log(20), 5))));
                }
            }
        }
    }

    private static double loss(int step) {
        return 2 + 7.0 / step;
    }

    private static JsonNode read(Path before, Path after) throws IOException, InterruptedException {
        String python = System.getenv("ZEBRA_ORACLE_PYTHON");
        assertThat(python)
                .as("ZEBRA_ORACLE_PYTHON must name a Python with tensorboard: see oracle/README.md")
                .isNotNull();
        Process process = new ProcessBuilder(
                        python, oracle("event_files.py").toString(), before.toString(), after.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
        return new ObjectMapper().readTree(output);
    }

    /// Tests run in their module's folder.
    private static Path oracle(String program) {
        return Path.of("..", "oracle", program);
    }
}
