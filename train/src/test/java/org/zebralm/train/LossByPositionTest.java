package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.data.Batch;
import org.zebralm.kernel.CumulativeLengths;

class LossByPositionTest {
    @Test
    void rangesDoubleAndPositionsCountFromEachDocument() {
        // A document of 1100 tokens and one of 300; the loss of a token is its position.
        float[] losses = new float[1400];
        for (int i = 0; i < losses.length; i++) {
            losses[i] = i < 1100 ? i : i - 1100;
        }
        int[] targets = new int[1400];

        Validation validation = mean(losses, targets, 0, 1100, 1400);

        assertThat(validation.byPosition())
                .extracting(Validation.Range::label)
                .containsExactly("0-255", "256-511", "512-1023", "1024-2047");
        assertThat(validation.byPosition())
                .extracting(Validation.Range::tokens)
                .containsExactly(512L, 256L + 44, 512L, 76L);
        // Means of 0..255 twice, of 256..511 with 256..299, of 512..1023 and of 1024..1099.
        List<Double> means =
                validation.byPosition().stream().map(Validation.Range::loss).toList();
        assertThat(means.get(0)).isEqualTo(127.5, within(1e-9));
        assertThat(means.get(1)).isEqualTo((256 * 383.5 + 44 * 277.5) / 300, within(1e-9));
        assertThat(means.get(2)).isEqualTo(767.5, within(1e-9));
        assertThat(means.get(3)).isEqualTo(1061.5, within(1e-9));
        assertThat(validation.loss()).isEqualTo((1100 * 549.5 + 300 * 149.5) / 1400, within(1e-9));
        assertThat(new Validation.Range(0, 256, Math.log(20), 1).perplexity()).isEqualTo(20, within(1e-9));
    }

    @Test
    void ignoredTargetsCountForNothing() {
        float[] losses = {1, 2, 0, 5};
        int[] targets = {7, 7, Batch.IGNORED, 7};

        Validation validation = mean(losses, targets, 0, 3, 4);

        assertThat(validation.loss()).isEqualTo(8.0 / 3, within(1e-12));
        assertThat(validation.byPosition()).singleElement().satisfies(range -> {
            assertThat(range.tokens()).isEqualTo(3);
            assertThat(range.loss()).isEqualTo(8.0 / 3, within(1e-12));
        });
    }

    @Test
    void rangesWithoutTokensAreLeftOut() {
        int[] targets = new int[600];
        Arrays.fill(targets, 0, 512, Batch.IGNORED);

        Validation validation = mean(new float[600], targets, 0, 600);

        assertThat(validation.byPosition()).extracting(Validation.Range::label).containsExactly("512-1023");
    }

    private static Validation mean(float[] losses, int[] targets, int... bounds) {
        var sums = new LossByPosition();
        sums.add(losses, targets, CumulativeLengths.of(bounds));
        return sums.mean();
    }
}
