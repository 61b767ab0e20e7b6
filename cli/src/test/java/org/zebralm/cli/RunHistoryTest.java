package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunHistoryTest {
    @TempDir
    Path folder;

    @Test
    void columnsHaveAValueForEachStepAndSumsRunOn() throws IOException {
        RunHistory history = history("""
                {"step":0,"start":true,"gemmFlops":1e11}
                {"step":1,"tokens":100,"seconds":2.0,"loss":5.0,"mfu":0.5,"dataSeconds":0.5,"forwardSeconds":1.5}
                {"step":2,"tokens":100,"seconds":3.0,"loss":null,"gradientNorm":null,"skipped":true}
                {"step":2,"validationLoss":4.5,"byPosition":[{"from":0,"to":256,"loss":4.5,"tokens":7}]}
                {"step":2,"saved":"step-2"}
                {"step":2,"notSaved":"no room"}
                {"step":2,"start":true}
                {"step":3,"tokens":50,"seconds":1.0,"loss":4.0,"dataSeconds":0.5,"forwardSeconds":0.5}
                """);
        assertThat(history.steps()).containsExactly(1, 2, 3);
        assertThat(history.tokens()).containsExactly(100, 200, 250);
        assertThat(history.seconds()).containsExactly(2, 5, 6);
        assertThat(history.column("loss")).containsExactly(5, Double.NaN, 4);
        assertThat(history.column("mfu")).containsExactly(0.5, Double.NaN, Double.NaN);
        assertThat(history.skipped()).containsExactly(2);
        assertThat(history.numSaved()).isEqualTo(1);
        assertThat(history.numNotSaved()).isEqualTo(1);
        assertThat(history.starts()).hasSize(2);
        assertThat(history.malformed()).isZero();
        // A second of data in the three seconds of the steps that told.
        assertThat(history.share("data")).isEqualTo(1.0 / 3, within(1e-12));
        RunHistory.Validated validated = history.validations().getFirst();
        assertThat(validated.step()).isEqualTo(2);
        assertThat(validated.tokens()).isEqualTo(200);
        assertThat(validated.validation().byPosition().getFirst().label()).isEqualTo("0-255");
    }

    @Test
    void whatIsNoLineOfARunIsLeftOutAndCounted() throws IOException {
        RunHistory history = history("""
                {"step":1,"tokens":100,"seconds":2.0,"loss":5.0}
                not json
                {"step":1,"tokens":100,"seconds":2.0,"loss":6.0}
                {"step":2,"tokens":"many","seconds":2.0,"loss":6.0}
                {"step":3,"tokens":100,"seconds":2.0,"loss":4.0}
                {"step":4,"tok
                """);
        assertThat(history.column("loss")).containsExactly(5, 4);
        assertThat(history.malformed()).isEqualTo(4);
    }

    @Test
    void theResultOfARunWithSkippedStepsIsANumber() throws IOException {
        RunHistory history = history("""
                {"step":1,"tokens":100,"seconds":2.0,"loss":5.0}
                {"step":2,"tokens":100,"seconds":2.0,"loss":null,"skipped":true}
                """);
        assertThat(RunResult.of(history).tokensPerSecond()).isEqualTo(50);
        assertThat(RunResult.of(history).lossFirst()).isEqualTo(5);
        assertThat(ReportSummary.of(history).rows()).containsEntry("steps skipped", "1");
    }

    private RunHistory history(String lines) throws IOException {
        return RunHistory.read(Files.write(folder.resolve("metrics.jsonl"), List.of(lines)));
    }
}
