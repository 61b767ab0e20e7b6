package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

class CheckpointsTest {
    private static final TrainConfig CONFIG = Runs.config(9, DType.FLOAT32, Recompute.NONE);

    @TempDir
    Path folder;

    private final List<String> notices = new ArrayList<>();

    @Test
    void onlyTheLastAreKept() {
        var checkpoints = new Checkpoints(folder, 2);
        train(checkpoints, 4);
        assertThat(names()).containsExactly("step-00000003.safetensors", "step-00000004.safetensors");
    }

    @Test
    void aFileCutOffOrAlteredAnywhereGivesWayToTheOneBefore() throws IOException {
        var checkpoints = new Checkpoints(folder, 2);
        train(checkpoints, 2);
        Path last = file(2);
        byte[] whole = Files.readAllBytes(last);
        var random = new SplittableRandom(1);
        for (int trial = 0; trial < 40; trial++) {
            byte[] damaged = whole.clone();
            if (trial % 2 == 0) {
                damaged = Arrays.copyOf(whole, random.nextInt(whole.length));
            } else {
                damaged[random.nextInt(whole.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(last, damaged);
            assertThat(checkpoints.latest(notices::add).orElseThrow().step()).isEqualTo(1);
            assertThat(names()).containsExactly("step-00000001.safetensors", "step-00000002.safetensors.damaged");
        }
        assertThat(notices)
                .hasSize(40)
                .allMatch(notice -> notice.contains("step-00000002")
                        && notice.endsWith(
                                "it is step-00000002.safetensors.damaged now, and the checkpoint before it is used"));
        // It is not tried again.
        assertThat(checkpoints.latest(notices::add).orElseThrow().step()).isEqualTo(1);
        assertThat(notices).hasSize(40);
    }

    @Test
    void aRunGoesOnFromTheOneBeforeAsIfNothingHadHappened() throws IOException {
        Map<String, float[]> whole = train(new Checkpoints(folder.resolve("whole"), 2), 6);
        var checkpoints = new Checkpoints(folder.resolve("damaged"), 2);
        train(checkpoints, 4);
        byte[] bytes = Files.readAllBytes(folder.resolve("damaged/step-00000004.safetensors"));
        bytes[bytes.length / 2] ^= 4;
        Files.write(folder.resolve("damaged/step-00000004.safetensors"), bytes);
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            trainer.restore(checkpoints.latest(notices::add).orElseThrow());
            assertThat(trainer.step()).isEqualTo(3);
            runTo(trainer, 6);
            assertThat(values(trainer)).usingRecursiveComparison().isEqualTo(whole);
        }
    }

    @Test
    void aRunWhoseStatesAreAllDamagedIsNotBegunAgainInSilence() throws IOException {
        var checkpoints = new Checkpoints(folder, 2);
        train(checkpoints, 2);
        Files.write(file(1), new byte[100]);
        Files.write(file(2), new byte[100]);
        assertThatThrownBy(() -> checkpoints.latest(notices::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("no checkpoint in", "can be used", "start again in another folder");
    }

    @Test
    void aWholeFileThatIsNoCheckpointIsRefusedAndLeftAlone() {
        try (var _ = Scope.open();
                Trainer trainer = Runs.trainer(CONFIG)) {
            new Checkpoints(folder, 2).save(1, trainer.weights(), Map.of("step", "1"));
        }
        assertThatThrownBy(() -> new Checkpoints(folder, 2).latest(notices::add))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("step-00000001.safetensors is no checkpoint that this version can read");
        assertThat(names()).containsExactly("step-00000001.safetensors");
    }

    @Test
    void halfWrittenFilesOfAKilledProcessAreRemovedAndNothingElse() throws IOException {
        var checkpoints = new Checkpoints(folder, 2);
        train(checkpoints, 1);
        Files.write(folder.resolve(".step-00000002.safetensors.1f.tmp"), new byte[10]);
        Files.write(folder.resolve("notes.tmp"), new byte[10]);
        assertThat(checkpoints.removeHalfWritten()).isEqualTo(1);
        assertThat(names()).containsExactly("notes.tmp", "step-00000001.safetensors");
    }

    @Test
    void tooLittleDiskIsSaidBeforeAnythingIsWritten() {
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            long bytes = size();
            // saveEvery is 0: one state at the end, and a margin of 1 MiB.
            long needed = bytes + (1 << 20);
            assertThatCode(() -> trainer.requireRoom(new Checkpoints(folder, 2, _ -> needed)))
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> trainer.requireRoom(new Checkpoints(folder, 2, _ -> needed - 1)))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContainingAll(
                            "too little disk for the next checkpoint of", "are free", "use a folder on another disk");
            assertThatThrownBy(() -> trainer.save(new Checkpoints(folder, 2, _ -> needed - 1)))
                    .isInstanceOf(UncheckedIOException.class);
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void roomIsAskedForAllThatAreKeptAtATime() {
        long bytes = size();
        TrainConfig often = CONFIG.withSteps(9, 0, 1);
        try (Trainer trainer = Runs.trainer(often)) {
            // Two are kept, and the third is written before the first goes.
            assertThatCode(() -> trainer.requireRoom(new Checkpoints(folder, 2, _ -> 3 * bytes + (1 << 20) + 100)))
                    .doesNotThrowAnyException();
            assertThatThrownBy(() -> trainer.requireRoom(new Checkpoints(folder, 2, _ -> 3 * bytes)))
                    .hasMessageContainingAll("3 checkpoints", "lower keepCheckpoints (2)");
            runTo(trainer, 8);
            // One is left to be written.
            assertThatCode(() -> trainer.requireRoom(new Checkpoints(folder, 2, _ -> bytes + (1 << 20) + 100)))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void aRunWithoutRoomGoesOnAndSavesWhenThereIsSome() {
        long[] free = {0};
        var checkpoints = new Checkpoints(folder, 2, _ -> free[0]);
        List<Integer> saved = new ArrayList<>();
        List<Integer> notSaved = new ArrayList<>();
        TrainListener listener = new TrainListener() {
            @Override
            public void onSaved(SaveReport report) {
                saved.add(report.step());
            }

            @Override
            public void onNotSaved(int step, String reason) {
                assertThat(reason).startsWith("too little disk");
                notSaved.add(step);
                free[0] = step < 6 ? 0 : Long.MAX_VALUE;
            }
        };
        try (Trainer trainer = Runs.trainer(CONFIG.withSteps(9, 0, 3))) {
            trainer.run(9, Runs::batch, List.of(), listener, checkpoints, () -> false);
        }
        assertThat(notSaved).containsExactly(3, 6);
        assertThat(saved).containsExactly(9);
    }

    @Test
    void theLastStateIsNotGivenUpInSilence() {
        var checkpoints = new Checkpoints(folder, 2, _ -> 0);
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            assertThatThrownBy(() ->
                            trainer.run(9, Runs::batch, List.of(), TrainListener.silent(), checkpoints, () -> false))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("too little disk");
            assertThat(trainer.step()).isEqualTo(9);
        }
    }

    @Test
    void aReportSaysWhatWasWritten() throws IOException {
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            SaveReport report = trainer.save(new Checkpoints(folder, 2));
            assertThat(report.file()).isEqualTo(file(0));
            assertThat(report.bytes()).isEqualTo(Files.size(file(0)));
            assertThat(report.seconds()).isPositive();
        }
    }

    @Test
    void theModelAndTheSettingsComeBack() {
        train(new Checkpoints(folder, 1), 1);
        Checkpoint saved = Checkpoint.open(file(1));
        assertThat(saved.model()).isEqualTo(Runs.model());
        assertThat(saved.config()).isEqualTo(CONFIG);
    }

    @Test
    void aRunWithOtherSettingsIsRefusedWithEachDifference() {
        train(new Checkpoints(folder, 1), 1);
        Checkpoint saved = Checkpoint.open(file(1));
        try (Trainer trainer = Runs.trainer(CONFIG.withSteps(10, 4, 0))) {
            assertThatThrownBy(() -> trainer.restore(saved))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("steps: 9 -> 10");
            trainer.restore(saved, true);
            assertThat(trainer.config().steps()).isEqualTo(10);
        }
        TrainConfig seeded = new TrainConfig(
                CONFIG.contextLength(),
                CONFIG.batchRows(),
                CONFIG.accumulation(),
                CONFIG.steps(),
                CONFIG.optimizer(),
                CONFIG.schedule(),
                CONFIG.loss(),
                CONFIG.guard(),
                CONFIG.ema(),
                CONFIG.compute(),
                CONFIG.recompute(),
                CONFIG.validateEvery(),
                CONFIG.saveEvery(),
                CONFIG.keepCheckpoints(),
                8);
        try (Trainer trainer = Runs.trainer(seeded)) {
            assertThatThrownBy(() -> trainer.restore(saved, true))
                    .hasMessageContainingAll("seed: 7 -> 8", "other data than the run has read");
        }
    }

    @Test
    void aRunCannotEndBeforeWhereItStands() {
        train(new Checkpoints(folder, 1), 4);
        Checkpoint saved = Checkpoint.open(file(4));
        try (Trainer trainer = Runs.trainer(CONFIG.withSteps(3, 4, 0))) {
            assertThatThrownBy(() -> trainer.restore(saved, true))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("steps must be at least the 4 that the run has done: got 3");
        }
    }

    private static Map<String, float[]> train(Checkpoints checkpoints, int steps) {
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            for (int step = 1; step <= steps; step++) {
                runTo(trainer, step);
                trainer.save(checkpoints);
            }
            return values(trainer);
        }
    }

    private static void runTo(Trainer trainer, int until) {
        trainer.run(until, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
    }

    private static Map<String, float[]> values(Trainer trainer) {
        Map<String, float[]> values = new LinkedHashMap<>();
        try (var _ = Scope.open()) {
            trainer.weights().forEach((name, tensor) -> values.put(name, tensor.toFloats()));
        }
        return values;
    }

    private static long size() {
        try (Trainer trainer = Runs.trainer(CONFIG)) {
            Path other = Files.createTempDirectory("size");
            long bytes = trainer.save(new Checkpoints(other, 1)).bytes();
            Files.delete(other.resolve("step-00000000.safetensors"));
            Files.delete(other);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path file(int step) {
        return folder.resolve("step-%08d.safetensors".formatted(step));
    }

    private List<String> names() {
        String[] names = folder.toFile().list();
        return names == null ? List.of() : Arrays.stream(names).sorted().toList();
    }
}
