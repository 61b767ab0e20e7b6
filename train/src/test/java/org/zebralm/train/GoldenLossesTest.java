package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Torch;

/// The losses of a tiny run against those it had when the file was made.
///
/// A change that should not alter numbers leaves the file as it is; one that should replaces it, with a
/// sentence why: set `GOLDEN_LOSSES_OUT` to a file to write the losses of this machine there. The numbers are
/// equal on the kind of machine that made them; elsewhere sums are rounded in another order, and a loss may be
/// off by some 1e-5.
class GoldenLossesTest {
    private static final int STEPS = 12;
    private static final double TOLERANCE_ELSEWHERE = 1e-3;

    @Test
    void lossesAreThoseOfTheGoldenRun() throws IOException {
        List<String> lines = run();
        String out = System.getenv("GOLDEN_LOSSES_OUT");
        if (out != null) {
            Files.write(Path.of(out), lines);
        }
        List<String> golden = golden();
        if (golden.getFirst().equals(lines.getFirst())) {
            assertThat(lines).isEqualTo(golden);
            return;
        }
        assertThat(lines).hasSameSizeAs(golden);
        for (int i = 1; i < golden.size(); i++) {
            assertThat(Double.parseDouble(lines.get(i)))
                    .as("step " + i)
                    .isCloseTo(Double.parseDouble(golden.get(i)), within(TOLERANCE_ELSEWHERE));
        }
    }

    private static List<String> run() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("# " + machine());
        TrainListener listener = new TrainListener() {
            @Override
            public void onStep(StepReport report) {
                lines.add(Double.toString(report.loss()));
            }

            @Override
            public void onValidation(int step, Validation validation) {
                lines.add(Double.toString(validation.loss()));
            }
        };
        try (Trainer trainer = Runs.trainer(Runs.config(STEPS, DType.FLOAT32, Recompute.LAYER))) {
            trainer.run(STEPS, Runs::batch, Runs.validation(), listener, null, () -> false);
        }
        return lines;
    }

    private static List<String> golden() throws IOException {
        try (InputStream in = Objects.requireNonNull(GoldenLossesTest.class.getResourceAsStream("golden-losses.txt"))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    /// What the last bits of a sum depend on: processor, threads, libtorch.
    private static String machine() throws IOException {
        Path cpuinfo = Path.of("/proc/cpuinfo");
        Pattern kind = Pattern.compile("vendor_id|cpu family|model|model name");
        String processor = !Files.exists(cpuinfo)
                ? System.getProperty("os.name")
                : Files.readAllLines(cpuinfo).stream()
                        .map(line -> line.split(":", 2))
                        .filter(field -> field.length == 2
                                && kind.matcher(field[0].strip()).matches())
                        .map(field -> field[1].strip())
                        .distinct()
                        .collect(Collectors.joining(" "));
        return "%s, %s, %d threads, libtorch %s"
                .formatted(processor, System.getProperty("os.arch"), Torch.numThreads(), Torch.version());
    }
}
