package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.FreeMemory;

class TrainingMemoryTest {
    /// Width 10, inner 30, 2 heads on 1 of 4, 3 layers, a vocabulary of 100, tied.
    private static final ZebraConfig MODEL =
            new ZebraConfig(100, 10, 30, 2, 1, 4, AttentionType.grouped(3, 3, 5), 1e4, 1e-5, 1 << 30, true, -1, -1, -1);

    private static final long TOKENS = 1_000_000;

    @Test
    void countsWhatEachLayerKeepsByHand() {
        var memory = new TrainingMemory(MODEL, TOKENS, DType.BFLOAT16, 16);
        assertThat(memory.kept(Recompute.LAYER)).isEqualTo(3 * TOKENS * 10 * 2);
        // and what was attended to, 2 heads of 4, with the log-sum-exp of 2 heads
        assertThat(memory.kept(Recompute.ATTENTION)).isEqualTo(3 * TOKENS * (10 * 2 + 8 * 2 + 2 * 4));
        // and queries 8, keys 4, values 4, the residual line 10, gate and up 30 each
        assertThat(memory.kept(Recompute.NONE)).isEqualTo(3 * TOKENS * (10 * 2 + 8 * 2 + 2 * 4 + 86 * 2));
        // a layer: q and o 80 each, k and v 40 each, three of 300, two norms; the embedding and the last norm
        assertThat(memory.state()).isEqualTo((3 * (80 + 80 + 40 + 40 + 900 + 20) + 1000 + 10) * 18L);
    }

    @Test
    void choosesTheFastestThatFits() {
        var memory = new TrainingMemory(MODEL, TOKENS, DType.BFLOAT16, 16);
        assertThat(memory.choose((long) (1.11 * memory.total(Recompute.NONE)))).isEqualTo(Recompute.NONE);
        assertThat(memory.choose((long) (1.09 * memory.total(Recompute.NONE)))).isEqualTo(Recompute.ATTENTION);
        assertThat(memory.choose((long) (1.09 * memory.total(Recompute.ATTENTION))))
                .isEqualTo(Recompute.LAYER);
        assertThat(memory.choose(0)).isEqualTo(Recompute.LAYER);
    }

    /// Peaks of `zebra bench train` in results/training-124m-epyc-2core-2026-11-23.md, in GiB.
    @Test
    void expectsAboutWhatWasMeasured() {
        assertThat(expected(2048, Recompute.NONE)).isCloseTo(4.1, within(0.41));
        assertThat(expected(8192, Recompute.NONE)).isCloseTo(6.4, within(0.64));
        assertThat(expected(16_384, Recompute.NONE)).isCloseTo(9.3, within(0.93));
        assertThat(expected(32_768, Recompute.NONE)).isCloseTo(13.9, within(1.39));
        assertThat(expected(32_768, Recompute.ATTENTION)).isCloseTo(7.1, within(0.71));
        assertThat(expected(65_536, Recompute.ATTENTION)).isCloseTo(10.9, within(1.09));
        assertThat(expected(131_072, Recompute.ATTENTION)).isCloseTo(18.1, within(1.81));
    }

    private static double expected(int length, Recompute recompute) {
        var model = new ZebraConfig(
                32_000, 768, 2560, 12, 12, 64, AttentionType.grouped(12, 4, 513), 1e4, 1e-5, length, true, -1, -1, -1);
        return new TrainingMemory(model, length, DType.BFLOAT16, 1024).total(recompute) / (double) (1 << 30);
    }

    @Test
    void readsWhatLinuxSaysIsAvailable() {
        assertThat(FreeMemory.available("MemTotal: 9 kB\nMemFree:  5 kB\nMemAvailable:    7 kB\n"))
                .isEqualTo(7168);
        assertThat(FreeMemory.bytes()).isBetween(1L << 20, 1L << 50);
    }
}
