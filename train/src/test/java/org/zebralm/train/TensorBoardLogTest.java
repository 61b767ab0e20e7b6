package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;

class TensorBoardLogTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.ofEpochMilli(1_700_000_000_250L));

    @TempDir
    Path folder;

    @Test
    void aFileBeginsWithItsVersionAndHoldsWhatWasReported() throws IOException {
        try (var log = TensorBoardLog.open(folder, 0, CLOCK)) {
            log.onStart(new RunStart(0, 1, DType.FLOAT32, 1e10, "a machine"));
            log.onStep(StepReports.step(1, 4.5));
            log.onStep(StepReports.step(300, 2.25));
            log.onValidation(300, new Validation(Math.log(8), List.of(new Validation.Range(0, 256, Math.log(10), 90))));
        }
        assertThat(files())
                .singleElement()
                .satisfies(file ->
                        assertThat(file.getFileName().toString()).startsWith("events.out.tfevents.1700000000."));
        List<EventReader.Event> events = EventReader.read(files().getFirst());
        assertThat(events)
                .hasSize(4)
                .allSatisfy(event -> assertThat(event.time()).isEqualTo(1_700_000_000.25));
        assertThat(events).extracting(EventReader.Event::step).containsExactly(0L, 1L, 300L, 300L);
        assertThat(events.getFirst().version()).isEqualTo("brain.Event:2");
        assertThat(events.get(1).values())
                .containsEntry("train/loss", 4.5f)
                .containsEntry("train/gradient_norm", 0.75f)
                .containsEntry("train/learning_rate", 0.001f)
                .containsEntry("seconds/backward", 0.5f)
                .containsKey("memory/peak_bytes");
        assertThat(events.get(1).values().get("speed/tokens_per_second")).isEqualTo(1000, within(0.01f));
        assertThat(events.get(1).values().get("speed/mfu")).isEqualTo(0.3f, within(1e-6f));
        assertThat(events.get(3).values().get("validation/perplexity")).isEqualTo(8, within(1e-5f));
        assertThat(events.get(3).values().get("perplexity_by_position/0-255")).isEqualTo(10, within(1e-5f));
    }

    @Test
    void aSkippedStepIsMarkedAndHasNoLoss() throws IOException {
        try (var log = TensorBoardLog.open(folder, 0, CLOCK)) {
            log.onStep(StepReports.skipped(1));
        }
        assertThat(EventReader.read(files().getFirst()).getLast().values())
                .containsEntry("train/skipped", 1f)
                .doesNotContainKeys("train/loss", "train/gradient_norm");
    }

    @Test
    void aResumedRunHasEveryStepOnce() throws IOException {
        log(0, 1, 8);
        log(5, 6, 9); // killed after step 8, saved at 5
        log(7, 8, 10);

        assertThat(files()).hasSize(3);
        List<Long> steps = new ArrayList<>();
        for (Path file : files()) {
            EventReader.read(file).stream()
                    .filter(event -> event.values().containsKey("train/loss"))
                    .forEach(event -> steps.add(event.step()));
        }
        assertThat(steps).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        List<EventReader.Event> last = EventReader.read(files().getLast());
        assertThat(last.get(1).start()).isTrue();
        assertThat(last.get(1).step()).isEqualTo(8);
    }

    @Test
    void anEventThatAKillToreIsCutOff() throws IOException {
        log(0, 1, 4);
        Path file = files().getFirst();
        byte[] whole = Files.readAllBytes(file);
        for (int torn : new int[] {1, 7, 8, 13, 60}) {
            Files.write(file, whole);
            Files.write(file, Arrays.copyOf(whole, torn), StandardOpenOption.APPEND);
            TensorBoardLog.open(folder, 4, CLOCK).close();
            // The version, which the torn copy begins with, is an event of 42 bytes.
            assertThat(EventReader.read(file)).hasSize(torn < 42 ? 5 : 6);
        }
    }

    @Test
    void aFileThatCannotBeReadIsLeftAlone() throws IOException {
        log(0, 1, 4);
        Path file = files().getFirst();
        byte[] flipped = Files.readAllBytes(file);
        flipped[flipped.length / 2] ^= 1;
        Files.write(file, flipped);

        TensorBoardLog.open(folder, 4, CLOCK).close();

        assertThat(file).hasBinaryContent(flipped);
    }

    @Test
    void aRunWithNothingToReportMakesNoFile() throws IOException {
        TensorBoardLog.open(folder.resolve("new"), 0, CLOCK).close();
        assertThat(folder.resolve("new")).doesNotExist();
    }

    private void log(int standsAt, int from, int to) {
        try (var log = TensorBoardLog.open(folder, standsAt, CLOCK)) {
            for (int step = from; step <= to; step++) {
                log.onStep(StepReports.step(step, step));
            }
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }
}
