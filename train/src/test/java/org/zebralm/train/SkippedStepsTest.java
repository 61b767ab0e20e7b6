package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tensor.Scope;

class SkippedStepsTest {
    private static final GuardConfig NO_SPIKES = new GuardConfig(0, 4, 5);
    /// The second batches of steps 4 to 8.
    private static final Set<Long> FIVE_STEPS = Set.of(7L, 9L, 11L, 13L, 15L);

    @Test
    void aStepWithoutAFiniteLossOrGradientChangesNothing() {
        assertNothingChanges(FaultyRun.withoutLoss(FaultyRun.steady(NO_SPIKES), Set.of(7L)), "its loss is not finite");
        assertNothingChanges(
                FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), Set.of(7L)), "its gradient is not finite");
    }

    private static void assertNothingChanges(FaultyRun faulty, String reason) {
        try (FaultyRun run = faulty) {
            run.run(3, null);
            Map<String, double[]> before = run.state();
            run.run(4, null);

            StepReport.Skip skip =
                    Objects.requireNonNull(run.reports().getLast().skip());
            assertThat(skip).isEqualTo(new StepReport.Skip(reason, 6, 7));
            assertThat(skip.batches()).isEqualTo("batches 6 to 7");
            assertThat(run.trainer().step()).isEqualTo(4);
            assertThat(FaultyRun.differences(run.state(), before)).containsExactly("guard.skippedInARow");
            assertThat(run.state().get("guard.skippedInARow")).containsExactly(1);
        }
    }

    @Test
    void weightsMomentsAndAveragesAreThoseOfARunWithoutTheBadBatches() {
        try (FaultyRun skipping = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), Set.of(5L));
                FaultyRun without = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), Set.of())) {
            skipping.run(4, null);
            assertThat(skipping.reports()).extracting(StepReport::skipped).containsExactly(false, false, true, false);
            // Batches 4 and 5 are left out of the other run.
            without.trainer()
                    .run(
                            3,
                            index -> Runs.batch(index < 4 ? index : index + 2),
                            List.of(),
                            TrainListener.silent(),
                            null,
                            () -> false);
            assertThat(FaultyRun.differences(skipping.state(), without.state())).isEmpty();
            assertThat(skipping.state().get("updates")).containsExactly(3);
        }
    }

    @Test
    void tooManyInARowEndTheRunAndTheLastGoodStateIsSaved(@TempDir Path folder) {
        var checkpoints = new Checkpoints(folder, 3);
        Map<String, double[]> good;
        try (FaultyRun run = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), FIVE_STEPS)) {
            run.run(3, null);
            good = run.state();
            assertThatThrownBy(() -> run.run(40, checkpoints))
                    .isInstanceOf(TrainingDiverged.class)
                    .hasMessage("the run stopped at step 8 after 5 skipped steps in a row (the last: its gradient is"
                            + " not finite); the weights are those of step 3, and saved: resume to go on with the"
                            + " batches that follow, or lower optimizer.learningRate (0.01)");
            assertThat(run.reports()).hasSize(8);
            assertThat(FaultyRun.differences(run.state(), good)).isEmpty();
        }
        try (FaultyRun run = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), Set.of(17L))) {
            run.trainer().restore(checkpoints.latest(_ -> {}).orElseThrow());
            assertThat(run.trainer().step()).isEqualTo(8);
            assertThat(FaultyRun.differences(run.state(), good)).isEmpty();
            // The count begins anew: one more bad step is not the sixth.
            run.run(10, null);
            assertThat(run.reports()).extracting(StepReport::skipped).containsExactly(true, false);
        }
    }

    @Test
    void weightsThatAreNotFiniteAreNotSaved(@TempDir Path folder) {
        var checkpoints = new Checkpoints(folder, 3);
        try (FaultyRun run = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), Set.of())) {
            try (var _ = Scope.open()) {
                run.trainer().weights().values().iterator().next().mulInPlace(Double.NaN);
            }
            assertThatThrownBy(() -> run.run(40, checkpoints))
                    .isInstanceOf(TrainingDiverged.class)
                    .hasMessageContaining("no longer finite and were not saved: go back to an earlier checkpoint");
            assertThat(checkpoints.latest(_ -> {})).isEmpty();
        }
    }

    @Test
    void aRunResumedAmongSkippedStepsDecidesAsAnUninterruptedOne(@TempDir Path folder) {
        var checkpoints = new Checkpoints(folder, 3);
        try (FaultyRun run = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), FIVE_STEPS)) {
            run.run(6, null);
            run.trainer().save(checkpoints);
        }
        try (FaultyRun run = FaultyRun.withoutGradient(FaultyRun.steady(NO_SPIKES), FIVE_STEPS)) {
            run.trainer().restore(checkpoints.latest(_ -> {}).orElseThrow());
            assertThatThrownBy(() -> run.run(40, null))
                    .isInstanceOf(TrainingDiverged.class)
                    .hasMessageContaining("stopped at step 8 after 5 skipped steps");
        }
    }

    @Test
    void aSpikeIsSkippedOnceTheWindowIsFull() {
        // The second batches of steps 2 and 7; four steps fill the window.
        try (FaultyRun run = FaultyRun.withSpikes(FaultyRun.steady(new GuardConfig(10, 4, 5)), Set.of(3L, 13L))) {
            run.run(8, null);
            assertThat(run.reports())
                    .extracting(StepReport::skipped)
                    .containsExactly(false, false, false, false, false, false, true, false);
            StepReport spike = run.reports().get(6);
            double[] window = run.reports().subList(2, 6).stream()
                    .mapToDouble(StepReport::gradientNorm)
                    .sorted()
                    .toArray();
            double median = (window[1] + window[2]) / 2;
            assertThat(spike.gradientNorm()).isGreaterThan(10 * median);
            StepReport.Skip skip = Objects.requireNonNull(spike.skip());
            assertThat(skip.reason())
                    .isEqualTo(String.format(
                            Locale.ROOT,
                            "its gradient norm, %.4g, is over 10.00 times the median of the last 4 steps, %.4g",
                            spike.gradientNorm(),
                            median));
            assertThat(skip.firstBatch()).isEqualTo(12);
            // What was skipped is no part of the median.
            assertThat(Arrays.stream(Objects.requireNonNull(run.state().get("guard.norms")))
                            .max()
                            .orElseThrow())
                    .isLessThan(spike.gradientNorm());
        }
    }

    @Test
    void withoutTheRuleSpikesAreTaken() {
        try (FaultyRun run = FaultyRun.withSpikes(FaultyRun.steady(new GuardConfig(0, 4, 5)), Set.of(13L))) {
            run.run(8, null);
            assertThat(run.reports()).noneMatch(StepReport::skipped);
        }
    }
}
