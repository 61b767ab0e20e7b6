package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Cost;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;

class GenerateWorkTest {
    private static final ZebraConfig CONFIG = new ZebraConfig(
            100,
            16,
            24,
            4,
            2,
            8,
            List.of(new AttentionType.Global(), new AttentionType.Local(10), new AttentionType.Local(10)),
            10_000,
            1e-5,
            512,
            false,
            -1,
            -1,
            -1);

    @Test
    void bytesOfATokenByHand() {
        // Keys and values of 2 heads of 8: all 30 of the global layer, 10 of each local one.
        long rows = 30 + 10 + 10;
        assertThat(new GenerateWork(CONFIG, 7_000, DType.BFLOAT16).bytesPerToken(30))
                .isEqualTo(7_000 + rows * 2 * 2 * 8 * 2);
        // A float32 factor for each token and head.
        assertThat(new GenerateWork(CONFIG, 7_000, DType.INT8).bytesPerToken(30))
                .isEqualTo(7_000 + rows * 2 * 2 * (8 + 4));
        // Within the window, every layer sees all.
        assertThat(new GenerateWork(CONFIG, 0, DType.FLOAT32).bytesPerToken(6)).isEqualTo(3 * 6 * 2 * 2 * 8 * 4);
    }

    @Test
    void matricesByHand() {
        try (var model = GenerateModel.random("tiny", CONFIG, DType.BFLOAT16, WeightQuantization.NONE)) {
            // Query and output 16 x 32, key and value 16 x 16, three of 16 x 24, and the head of 100 x 16.
            long elements = 3 * (2 * 16 * 32 + 2 * 16 * 16 + 3 * 16 * 24) + 100 * 16;
            assertThat(WeightQuantization.matrixBytes(model.zebra(GenerateSystem.OWN)))
                    .isEqualTo(2 * elements);
        }
    }

    @Test
    void operationsOfAPromptByHand() {
        double perToken = 3 * (2 * 16 * 32 + 2 * 16 * 16 + 3 * 16 * 24);
        double pairs = 30 * 31 / 2 + 2 * (10 * 11 / 2 + 20 * 10); // within the window, then full windows
        double flops = 2 * perToken * 30 + 2 * 100 * 16 + 4 * pairs * 4 * 8; // the head for the last token only
        assertThat(new GenerateWork(CONFIG, 0, DType.FLOAT32).prefillFlops(30)).isCloseTo(flops, within(1e-6));
    }

    @Test
    void theRandomModelsHaveTheSizesOfTheirNames() {
        assertThat(new Cost(RandomModel.TINY_LLAMA.config()).parameters()).isEqualTo(1_100_048_384L); // as published
        assertThat((double) new Cost(RandomModel.SMALL.config()).parameters()).isCloseTo(20e6, within(5e5));
        assertThat(RandomModel.parse("1.1b")).isEqualTo(RandomModel.TINY_LLAMA);
    }

    @Test
    void promptsAreThosePeersRead() {
        // As Node computes bench/peers/llama_cpp.mjs.
        assertThat(PromptIds.of(0, 0, 4, 32_000)).containsExactly(24888, 27028, 23817, 14910);
        assertThat(PromptIds.of(1, 16_384, 3, 32_000)).containsExactly(30795, 31448, 15246);
        assertThat(PromptIds.of(107, 384, 3, 32_000)).containsExactly(9440, 15950, 8388);
        assertThat(Arrays.stream(PromptIds.of(3, 0, 500, 100))).allMatch(id -> id >= 0 && id < 100);
    }

    @Test
    void requestsShareTheirBeginningOnly() {
        SharedRequests requests = SharedRequests.defaults();
        int[] one = requests.prompt(0, 32_000);
        int[] other = requests.prompt(1, 32_000);
        assertThat(one).hasSize(512);
        assertThat(Arrays.mismatch(one, other)).isEqualTo(384);
    }
}
