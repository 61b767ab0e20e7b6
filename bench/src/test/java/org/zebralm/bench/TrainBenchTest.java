package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.tensor.DType;
import org.zebralm.train.Recompute;

class TrainBenchTest {
    @Test
    void aCaseRunsInAProcessOfItsOwn() {
        var training = new TrainCase(TrainSystem.ZEBRA, 16, 1, DType.FLOAT32, Recompute.AUTO, 2, 1);
        List<TrainRow> told = new ArrayList<>();
        List<TrainRow> rows = TrainBench.run(List.of(training), (_, row) -> told.add(row), () -> false);
        assertThat(rows).isEqualTo(told).singleElement().satisfies(row -> {
            assertThat(row.training()).isEqualTo(training);
            assertThat(row.recompute()).isEqualTo(Recompute.NONE);
            assertThat(row.times()).hasSize(2).allMatch(times -> times.backward() > 0);
            assertThat(row.gemmFlops()).isBetween(1e9, 1e15);
            // Master, gradient and moments of 33 million parameters are 530 MB.
            assertThat(row.peakBytes()).isBetween(530_000_000L, 4_000_000_000L);
        });
    }

    @Test
    void onceStoppedNoRowIsReported() {
        var training = new TrainCase(TrainSystem.GLOBAL, 16, 1, DType.FLOAT32, Recompute.NONE, 1, 0);
        assertThat(TrainBench.run(List.of(training), (_, _) -> {}, () -> true)).isEmpty();
    }

    @Test
    void countsByHand() {
        var training = new TrainCase(TrainSystem.GLOBAL, 100, 2, DType.BFLOAT16, Recompute.LAYER, 3, 0);
        // Matrices: two layers of 4 x 768^2 + 3 x 768 x 2560, and the head; pairs: 5050 a layer.
        double matrices = 2 * (4.0 * 768 * 768 + 3.0 * 768 * 2560) + 32_000.0 * 768;
        double flops = 6 * matrices * 100 + 3.5 * 4 * 2 * 5050 * 768;
        assertThat(training.flops()).isCloseTo(flops, within(1e-6 * flops));
        TrainRow row = TrainProcess.read(
                training,
                List.of(
                        "WARNING: of the JVM",
                        "step 0.0 1.0 2.0 1.0",
                        "step 0.5 1.0 0.5 0.5",
                        "step 1.0 4.0 4.0 1.0",
                        "gemm 5.0E11",
                        "recompute LAYER",
                        "peak 1234"));
        assertThat(row.seconds()).isEqualTo(4);
        assertThat(row.tokensPerSecond()).isEqualTo(25);
        assertThat(row.mfu()).isCloseTo(flops / 4 / 5e11, within(1e-12));
        assertThat(row.peakBytes()).isEqualTo(1234);
        assertThat(row.recompute()).isEqualTo(Recompute.LAYER);
    }

    @Test
    void zebraIsGlobalInEveryFourthLayer() {
        assertThat(TrainSystem.ZEBRA.model(64, 12).attentionTypes().stream()
                        .map(type -> type.getClass().getSimpleName()))
                .containsExactly(
                        "Global", "Local", "Local", "Local", "Global", "Local", "Local", "Local", "Global", "Local",
                        "Local", "Local");
        assertThat(TrainSystem.GLOBAL.model(64, 2).attentionTypes()).hasSize(2);
    }

    @Test
    void whatCannotBeTimedIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TrainCase(TrainSystem.ZEBRA, 1, 1, DType.FLOAT32, Recompute.NONE, 1, 0))
                .withMessageContaining("a length must be at least 2: got 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TrainSystem.parse("mamba"))
                .withMessageContaining("zebra, global: got mamba");
    }
}
