package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.zebralm.train.SaveReport;
import org.zebralm.train.StepReport;
import org.zebralm.train.StepTimes;
import org.zebralm.train.Validation;

class TrainConsoleTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Test
    void theBarFitsIntoEightyColumns() {
        run(true, 80, 12_345, 100_000);
        assertThat(drawn()).allSatisfy(line -> assertThat(line.length()).isLessThan(80));
        assertThat(drawn())
                .anySatisfy(line -> assertThat(line)
                        .startsWith("training   ")
                        .contains("░")
                        .contains("12345/100000", "loss 4.500", "1k tok/s", "mfu 30%"));
    }

    @Test
    void aWideTerminalAndALogHaveMore() {
        run(true, 140, 12_345, 100_000);
        assertThat(bytes.toString(StandardCharsets.UTF_8)).contains("norm 0.75", "lr 1.0e-03", "iB");
    }

    @Test
    void validationsCheckpointsAndSkippedStepsAreLines() {
        run(false, 80, 2, 4);
        assertThat(bytes.toString(StandardCharsets.UTF_8))
                .contains("step 2  held-out loss 3.000  perplexity 20.1\n")
                .contains("  by position  0+: 33.1  256+: 7.4\n")
                .contains("step 2  saved  3 MiB in 500 ms\n")
                .contains("step 3 (batch 7) skipped: its loss was not finite (1 so far)\n")
                .endsWith("time       data 10%, forward 20%, backward 50%, optimizer 20%\n");
    }

    private void run(boolean interactive, int width, int step, int steps) {
        var out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        try (var console = new TrainConsole(new Terminal(out, interactive, false, width), "training  ", steps, 1e10)) {
            console.start(step - 1);
            console.onStep(report(step, steps, null));
            console.onValidation(
                    step,
                    new Validation(
                            3, List.of(new Validation.Range(0, 256, 3.5, 1), new Validation.Range(256, 512, 2, 1))));
            console.onSaved(new SaveReport(step, Path.of("step-2"), 3 << 20, 0.5));
            console.onStep(report(step + 1, steps, new StepReport.Skip("its loss was not finite", 7, 7)));
        }
    }

    private static StepReport report(int step, int steps, StepReport.@Nullable Skip skip) {
        return new StepReport(step, steps, 4.5, 0.75, 1e-3, 1000, 3e9, new StepTimes(0.1, 0.2, 0.5, 0.2), skip);
    }

    private List<String> drawn() {
        return Arrays.stream(bytes.toString(StandardCharsets.UTF_8).split("\r\033\\[K|\n"))
                .toList();
    }
}
