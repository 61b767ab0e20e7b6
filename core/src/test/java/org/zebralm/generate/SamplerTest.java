package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {1, 3, -2, 3, 2.5f, 0, -0.5f};
    private static final int DRAWS = 40_000;

    @Test
    void temperatureZeroTakesTheLikeliestAndTheFirstOfEquals() {
        assertThat(new Sampler(SamplingConfig.greedy(1)).next(LOGITS)).isEqualTo(1);
        assertThat(new Sampler(new SamplingConfig(0, 3, 0.5, 7, 1)).next(LOGITS))
                .isEqualTo(1);
        assertThat(new Sampler(SamplingConfig.greedy(1)).next(-5, -4, Float.NEGATIVE_INFINITY))
                .isEqualTo(1);
    }

    @Test
    void drawsFollowTheSoftmaxAtTheTemperature() {
        check(new SamplingConfig(1, 0, 1, 1, 1), 0, 1, 2, 3, 4, 5, 6);
        check(new SamplingConfig(0.5, 0, 1, 2, 1), 0, 1, 2, 3, 4, 5, 6);
        check(new SamplingConfig(3, 0, 1, 3, 1), 0, 1, 2, 3, 4, 5, 6);
    }

    @Test
    void topKKeepsTheLikeliestAndTheLowerIdsOfEquals() {
        check(new SamplingConfig(1, 3, 1, 1, 1), 1, 3, 4);
        check(new SamplingConfig(1, 1, 1, 1, 1), 1);
        check(new SamplingConfig(1, 100, 1, 1, 1), 0, 1, 2, 3, 4, 5, 6);
        float[] equal = new float[50];
        Sampler sampler = new Sampler(new SamplingConfig(1, 4, 1, 1, 1));
        assertThat(IntStream.range(0, 1000)
                        .map(_ -> sampler.next(equal))
                        .distinct()
                        .sorted()
                        .toArray())
                .containsExactly(0, 1, 2, 3);
    }

    @Test
    void topPKeepsTheFewestThatReachTheMass() {
        // At temperature 1 the two threes have 0.364 each, 2.5 has 0.221; then 0.049, 0.018, 0.011, 0.002.
        check(new SamplingConfig(1, 0, 0.3, 1, 1), 1);
        check(new SamplingConfig(1, 0, 0.6, 1, 1), 1, 3);
        check(new SamplingConfig(1, 0, 0.9, 1, 1), 1, 3, 4);
        check(new SamplingConfig(1, 0, 0.96, 1, 1), 0, 1, 3, 4);
        check(new SamplingConfig(1, 0, 1e-9, 1, 1), 1);
    }

    @Test
    void topPCountsItsMassAmongWhatTopKLeft() {
        // Of the best three, the threes have 0.384 each: 0.75 of that mass takes two, where 0.75 of all takes three.
        check(new SamplingConfig(1, 3, 0.75, 1, 1), 1, 3);
        check(new SamplingConfig(1, 0, 0.75, 1, 1), 1, 3, 4);
        // Temperature comes first: at 0.1 two ids have all but 0.004 of the mass.
        check(new SamplingConfig(0.1, 0, 0.99, 1, 1), 1, 3);
    }

    /// Checks the frequencies of many draws against the softmax over the ids that should be left.
    private static void check(SamplingConfig config, int... kept) {
        double[] expected = new double[LOGITS.length];
        for (int id : kept) {
            expected[id] = Math.exp(LOGITS[id] / config.temperature());
        }
        double total = Arrays.stream(expected).sum();
        int[] counts = new int[LOGITS.length];
        Sampler sampler = new Sampler(config);
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(LOGITS)]++;
        }
        for (int id = 0; id < counts.length; id++) {
            // Four standard deviations of a frequency are at most 0.01.
            assertThat((double) counts[id] / DRAWS)
                    .as("%s, id %s", config, id)
                    .isCloseTo(expected[id] / total, Offset.offset(0.01));
            assertThat(counts[id] == 0 || expected[id] > 0)
                    .as("%s, id %s", config, id)
                    .isTrue();
        }
    }

    @Test
    void aLargeVocabularyGivesTheSameLimitsAsASort() {
        Random random = new Random(1);
        float[] logits = new float[5000];
        for (int id = 0; id < logits.length; id++) {
            logits[id] = Math.round(random.nextGaussian() * 20) / 10f; // many ties, either sign
        }
        int[] best = IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> logits[a] != logits[b] ? Float.compare(logits[b], logits[a]) : a - b)
                .mapToInt(id -> id)
                .limit(40)
                .sorted()
                .toArray();
        Sampler sampler = new Sampler(new SamplingConfig(1, 40, 1, 5, 1));
        int[] drawn = IntStream.range(0, 4000)
                .map(_ -> sampler.next(logits))
                .distinct()
                .sorted()
                .toArray();
        assertThat(drawn).isEqualTo(best);
    }

    @Test
    void theSeedDecidesTheDraws() {
        SamplingConfig config = new SamplingConfig(1, 0, 1, 42, 1);
        assertThat(draws(config)).isEqualTo(draws(config));
        assertThat(draws(config)).isNotEqualTo(draws(new SamplingConfig(1, 0, 1, 43, 1)));
    }

    private static int[] draws(SamplingConfig config) {
        Sampler sampler = new Sampler(config);
        return IntStream.range(0, 100).map(_ -> sampler.next(LOGITS)).toArray();
    }

    @Test
    void extremesDoNotOverflow() {
        float[] far = {-3e38f, 3e38f, 0, Float.NEGATIVE_INFINITY};
        for (double temperature : new double[] {1e-300, 1, 1e300}) {
            int id = new Sampler(new SamplingConfig(temperature, 0, 0.99, 1, 1)).next(far);
            assertThat(far[id]).isNotEqualTo(Float.NEGATIVE_INFINITY);
        }
        assertThat(new Sampler(new SamplingConfig(1e-300, 2, 1, 1, 1)).next(far))
                .isEqualTo(1);
    }

    @Test
    void excludedIdsAreNeverDrawn() {
        float[] logits = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
        for (int topK : new int[] {0, 2, 3}) {
            Sampler sampler = new Sampler(new SamplingConfig(1, topK, 1, 1, 1));
            assertThat(IntStream.range(0, 200)
                            .map(_ -> sampler.next(logits))
                            .distinct()
                            .toArray())
                    .containsExactly(1);
        }
    }

    @Test
    void logitsThatAreNoDistributionAreRefused() {
        Sampler sampler = new Sampler(SamplingConfig.greedy(1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sampler.next(0, Float.NaN))
                .withMessageContaining("got NaN for id 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sampler.next(Float.POSITIVE_INFINITY, 0))
                .withMessageContaining("got Infinity for id 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sampler.next(Float.NEGATIVE_INFINITY))
                .withMessageContaining("none above minus infinity");
    }

    @Test
    void impossibleSettingsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingConfig(-1, 0, 1, 0, 1))
                .withMessageContaining("temperature");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingConfig(Double.NaN, 0, 1, 0, 1))
                .withMessageContaining("got NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingConfig(1, -1, 1, 0, 1))
                .withMessageContaining("topK");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingConfig(1, 0, 0, 0, 1))
                .withMessageContaining("topP");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SamplingConfig(1, 0, 1.1, 0, 1))
                .withMessageContaining("got 1.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SamplingConfig.greedy(0))
                .withMessageContaining("maxTokens must be at least 1: got 0");
    }
}
