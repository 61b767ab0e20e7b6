package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

class TrainerTest {
    @Test
    void learnsTheMadeUpLanguage() {
        List<Double> losses = losses(Runs.config(60, DType.BFLOAT16, Recompute.NONE));
        assertThat(losses.getFirst()).isCloseTo(Math.log(Runs.VOCAB), within(0.3));
        assertThat(losses.getLast()).isLessThan(losses.getFirst() - 1);
    }

    @Test
    void aStepsTimeIsSplitIntoItsPhases() {
        List<StepReport> reports = new ArrayList<>();
        TrainListener listener = new TrainListener() {
            @Override
            public void onStep(StepReport report) {
                reports.add(report);
            }
        };
        long start = System.nanoTime();
        try (Trainer trainer = Runs.trainer(Runs.config(3, DType.FLOAT32, Recompute.LAYER))) {
            trainer.run(3, Runs::batch, List.of(), listener, null, () -> false);
        }
        double whole = (System.nanoTime() - start) / 1e9;
        assertThat(reports).hasSize(3).allSatisfy(report -> {
            StepTimes times = report.times();
            assertThat(List.of(times.data(), times.forward(), times.backward(), times.optimizer()))
                    .allMatch(seconds -> seconds > 0);
        });
        assertThat(reports.stream().mapToDouble(StepReport::seconds).sum()).isBetween(0.0, whole);
    }

    @Test
    void theSameSeedGivesTheSameNumbers() {
        TrainConfig config = Runs.config(4, DType.BFLOAT16, Recompute.NONE);
        assertThat(losses(config)).isEqualTo(losses(config));
    }

    @Test
    void anInterruptedAndResumedRunEqualsAnUninterruptedOneToTheBit(@TempDir Path folder) {
        assertResumesToTheBit(Runs.config(9, DType.BFLOAT16, Recompute.LAYER), folder);
    }

    @Test
    void soDoesOneWithMuonAnAverageAndASpikeRule(@TempDir Path folder) {
        TrainConfig config = Runs.config(9, DType.BFLOAT16, Recompute.LAYER);
        OptimizerConfig o = config.optimizer();
        var muon = new OptimizerConfig(
                OptimizerConfig.Kind.MUON,
                o.learningRate(),
                o.weightDecay(),
                o.decayEmbeddings(),
                o.decayNorms(),
                o.beta1(),
                o.beta2(),
                o.eps(),
                o.clipNorm(),
                o.muon());
        // A rule that takes some steps for spikes and others not.
        var guard = new GuardConfig(1.01, 2, 9);
        assertResumesToTheBit(
                config.with(muon, config.schedule(), config.loss(), guard, new EmaConfig(0.9, true)), folder);
    }

    private static void assertResumesToTheBit(TrainConfig config, Path folder) {
        Map<String, double[]> whole;
        try (Trainer trainer = Runs.trainer(config)) {
            trainer.run(9, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
            whole = state(trainer);
        }
        var checkpoints = new Checkpoints(folder, 2);
        try (Trainer trainer = Runs.trainer(config)) {
            trainer.run(5, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
            trainer.save(checkpoints);
        }
        try (Trainer trainer = Runs.trainer(config)) {
            trainer.restore(checkpoints.latest(_ -> {}).orElseThrow());
            assertThat(trainer.step()).isEqualTo(5);
            trainer.run(9, Runs::batch, List.of(), TrainListener.silent(), null, () -> false);
            Map<String, double[]> resumed = state(trainer);
            assertThat(resumed.keySet()).isEqualTo(whole.keySet());
            whole.forEach((name, values) -> assertThat(Arrays.equals(resumed.get(name), values))
                    .as(name)
                    .isTrue());
        }
    }

    private static Map<String, double[]> state(Trainer trainer) {
        Map<String, double[]> values = new LinkedHashMap<>();
        try (var _ = Scope.open()) {
            trainer.state().forEach((name, tensor) -> values.put(name, tensor.toDoubles()));
        }
        return values;
    }

    private static List<Double> losses(TrainConfig config) {
        List<Double> losses = new ArrayList<>();
        try (Trainer trainer = Runs.trainer(config)) {
            trainer.run(
                    config.steps(),
                    Runs::batch,
                    Runs.validation(),
                    new TrainListener() {
                        @Override
                        public void onStep(StepReport report) {
                            losses.add(report.loss());
                        }
                    },
                    null,
                    () -> false);
        }
        return losses;
    }
}
