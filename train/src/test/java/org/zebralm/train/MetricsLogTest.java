package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;

class MetricsLogTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_250L));

    @TempDir
    Path folder;

    private Path path = Path.of("");

    @BeforeEach
    void name() {
        path = folder.resolve("metrics.jsonl");
    }

    @Test
    void aStepIsALineOfWhatItDid() throws IOException {
        try (var log = MetricsLog.open(path, 0, CLOCK)) {
            log.onStart(new RunStart(0, 1234, DType.BFLOAT16, 1e10, "a machine"));
            log.onStep(StepReports.step(1, 4.5));
        }
        List<JsonNode> lines = lines();
        assertThat(lines).hasSize(2);
        assertThat(lines.getFirst().toString())
                .isEqualTo("{\"step\":0,\"time\":\"2023-11-14T22:13:20.250Z\",\"start\":true,\"parameters\":1234,"
                        + "\"compute\":\"bfloat16\",\"gemmFlops\":1.0E10,\"machine\":\"a machine\"}");
        JsonNode step = lines.get(1);
        assertThat(step.get("loss").asDouble()).isEqualTo(4.5);
        assertThat(step.get("tokens").asLong()).isEqualTo(1000);
        assertThat(step.get("seconds").asDouble()).isEqualTo(1.0, within(1e-12));
        assertThat(step.get("tokensPerSecond").asDouble()).isEqualTo(1000, within(1e-9));
        // 3e9 FLOPs in a second, of 1e10.
        assertThat(step.get("mfu").asDouble()).isEqualTo(0.3, within(1e-12));
        assertThat(step.get("backwardSeconds").asDouble()).isEqualTo(0.5);
        assertThat(step.get("gradientNorm").asDouble()).isEqualTo(0.75);
        assertThat(step.has("skipped")).isFalse();
    }

    @Test
    void aSkippedStepSaysSoInJsonThatEveryoneReads() throws IOException {
        try (var log = MetricsLog.open(path, 0, CLOCK)) {
            log.onStep(StepReports.skipped(1));
        }
        JsonNode line = lines().getFirst();
        assertThat(line.get("skipped").asBoolean()).isTrue();
        assertThat(line.get("loss").isNull()).isTrue();
        assertThat(line.get("gradientNorm").isNull()).isTrue();
        // Nobody measured the machine.
        assertThat(line.has("mfu")).isFalse();
    }

    @Test
    void aValidationNamesItsRangesAndACheckpointItsFile() throws IOException {
        try (var log = MetricsLog.open(path, 0, CLOCK)) {
            log.onValidation(
                    7,
                    new Validation(
                            Math.log(8),
                            List.of(
                                    new Validation.Range(0, 256, Math.log(10), 90),
                                    new Validation.Range(256, 512, Math.log(4), 30))));
            log.onSaved(new SaveReport(7, Path.of("checkpoints", "step-7"), 4096, 0.25));
            log.onNotSaved(8, "too little disk");
        }
        JsonNode line = lines().getFirst();
        assertThat(line.get("step").asInt()).isEqualTo(7);
        assertThat(line.get("validationPerplexity").asDouble()).isEqualTo(8, within(1e-9));
        assertThat(line.at("/byPosition/1/from").asInt()).isEqualTo(256);
        assertThat(line.at("/byPosition/1/to").asInt()).isEqualTo(512);
        assertThat(line.at("/byPosition/1/perplexity").asDouble()).isEqualTo(4, within(1e-9));
        assertThat(line.at("/byPosition/1/tokens").asInt()).isEqualTo(30);
        assertThat(lines().get(1).get("saved").asText()).isEqualTo("step-7");
        assertThat(lines().get(1).get("bytes").asLong()).isEqualTo(4096);
        assertThat(lines().get(1).get("seconds").asDouble()).isEqualTo(0.25);
        assertThat(lines().get(2).get("notSaved").asText()).isEqualTo("too little disk");
    }

    @Test
    void aResumedRunDropsWhatCameAfterItsCheckpointAndWhatIsTorn() throws IOException {
        try (var log = MetricsLog.open(path, 0, CLOCK)) {
            for (int step = 1; step <= 5; step++) {
                log.onStep(StepReports.step(step, step));
            }
        }
        Files.writeString(path, "{\"step\":6,\"lo", StandardOpenOption.APPEND);
        try (var log = MetricsLog.open(path, 3, CLOCK)) {
            log.onStep(StepReports.step(4, 40));
        }
        assertThat(lines()).extracting(line -> line.get("loss").asDouble()).containsExactly(1.0, 2.0, 3.0, 40.0);
    }

    @Test
    void linesThatAreNoneOfOursAreLeftOutAndCounted() throws IOException {
        Files.write(path, List.of("{\"step\":1,\"loss\":2}", "", "nonsense", "[1]", "{\"loss\":3}", "{\"step\":2}"));
        Files.write(path, new byte[] {(byte) 0xff, (byte) 0xfe, '\n'}, StandardOpenOption.APPEND);
        List<JsonNode> read = new ArrayList<>();

        int malformed = MetricsReader.read(path, read::add);

        assertThat(malformed).isEqualTo(4);
        assertThat(read).extracting(line -> line.get("step").asInt()).containsExactly(1, 2);
    }

    private List<JsonNode> lines() throws IOException {
        List<JsonNode> lines = new ArrayList<>();
        for (String line : Files.readAllLines(path)) {
            lines.add(new ObjectMapper().readTree(line));
        }
        return lines;
    }
}
