package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SamplerTest {
    private static final float[] LOGITS = {1, 3, -2, 3, 2.5f, 0, -0.5f};
    private static final int DRAWS = 20_000;

    @Test
    void temperatureZeroTakesTheLikeliestAndTheFirstOfEquals() {
        assertThat(new Sampler(SamplingConfig.greedy(1)).next(LOGITS).id()).isEqualTo(1);
        assertThat(new Sampler(limits(0, 3, 0.5, 7)).next(LOGITS).id()).isEqualTo(1);
        assertThat(new Sampler(SamplingConfig.greedy(1))
                        .next(-5, -4, Float.NEGATIVE_INFINITY)
                        .id())
                .isEqualTo(1);
    }

    @Test
    void drawsFollowTheSoftmaxAtTheTemperature() {
        check(limits(1, 0, 1, 1), 0, 1, 2, 3, 4, 5, 6);
        check(limits(0.5, 0, 1, 2), 0, 1, 2, 3, 4, 5, 6);
        check(limits(3, 0, 1, 3), 0, 1, 2, 3, 4, 5, 6);
    }

    @Test
    void topKKeepsTheLikeliestAndWhatEqualsTheLastOfThem() {
        check(limits(1, 3, 1, 1), 1, 3, 4);
        check(limits(1, 1, 1, 1), 1, 3);
        check(limits(1, 100, 1, 1), 0, 1, 2, 3, 4, 5, 6);
        float[] equal = new float[50];
        assertThat(new Sampler(limits(1, 4, 1, 1)).probabilities(equal)).containsOnly(0.02);
    }

    private static SamplingConfig limits(double temperature, int topK, double topP, long seed) {
        return new SamplingConfig.Builder()
                .temperature(temperature)
                .topK(topK)
                .topP(topP)
                .seed(seed)
                .build();
    }

    @Test
    void topPKeepsTheFewestThatReachTheMass() {
        // At temperature 1 the two threes have 0.364 each, 2.5 has 0.221; then 0.049, 0.018, 0.011, 0.002.
        check(limits(1, 0, 0.3, 1), 1);
        check(limits(1, 0, 0.6, 1), 1, 3);
        check(limits(1, 0, 0.9, 1), 1, 3, 4);
        check(limits(1, 0, 0.96, 1), 0, 1, 3, 4);
        check(limits(1, 0, 1e-9, 1), 1);
    }

    @Test
    void topPCountsItsMassAmongWhatTopKLeft() {
        // Of the best three, the threes have 0.384 each: 0.75 of that mass takes two, where 0.75 of all takes three.
        check(limits(1, 3, 0.75, 1), 1, 3);
        check(limits(1, 0, 0.75, 1), 1, 3, 4);
        // Temperature comes first: at 0.1 two ids have all but 0.004 of the mass.
        check(limits(0.1, 0, 0.99, 1), 1, 3);
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
            counts[sampler.next(LOGITS).id()]++;
        }
        for (int id = 0; id < counts.length; id++) {
            // Four standard deviations of a frequency are at most 0.0142.
            assertThat((double) counts[id] / DRAWS)
                    .as("%s, id %s", config, id)
                    .isCloseTo(expected[id] / total, Offset.offset(0.0142));
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
        Integer[] best = IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> logits[a] != logits[b] ? Float.compare(logits[b], logits[a]) : a - b)
                .toArray(Integer[]::new);
        double[] weights =
                Arrays.stream(best).mapToDouble(id -> Math.exp(logits[id])).toArray();
        double total = Arrays.stream(weights).sum();
        for (int topK : new int[] {1, 2, 40, 700, 4999}) {
            double[] probabilities = new Sampler(limits(1, topK, 1, 5)).probabilities(logits);
            for (int id = 0; id < logits.length; id++) {
                assertThat(probabilities[id] > 0)
                        .as("%s of top %s", id, topK)
                        .isEqualTo(logits[id] >= logits[best[topK - 1]]);
            }
        }
        for (double topP : new double[] {1e-6, 0.01, 0.31, 0.77, 0.9, 0.999, 0.999999}) {
            double[] probabilities = new Sampler(limits(1, 0, topP, 5)).probabilities(logits);
            double before = 0;
            for (int i = 0; i < best.length; i++) {
                assertThat(probabilities[best[i]] > 0)
                        .as("place %s at top-p %s", i, topP)
                        .isEqualTo(before < topP * total);
                before += weights[i];
            }
        }
    }

    @Test
    void seedAndSampleDecideTheDraws() {
        SamplingConfig config =
                new SamplingConfig.Builder(limits(1, 0, 1, 42)).numSamples(3).build();
        assertThat(draws(config, 2)).isEqualTo(draws(config, 2));
        assertThat(draws(config, 2)).isNotEqualTo(draws(config, 1)).isNotEqualTo(draws(config, 0));
        // How many samples there are beside it changes none of them.
        assertThat(draws(config, 0)).isEqualTo(draws(limits(1, 0, 1, 42), 0));
        SamplingConfig more = new SamplingConfig.Builder(config).numSamples(9).build();
        assertThat(draws(config, 2)).isEqualTo(draws(more, 2));
        assertThat(draws(limits(1, 0, 1, 42), 0)).isNotEqualTo(draws(limits(1, 0, 1, 43), 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> draws(config, 3))
                .withMessageContaining("one of numSamples, 3, from 0: got 3");
    }

    private static int[] draws(SamplingConfig config, int sample) {
        Sampler sampler = new Sampler(config, sample, StopTokens.NONE);
        return IntStream.range(0, 100).map(_ -> sampler.next(LOGITS).id()).toArray();
    }

    @Test
    void aRowWithinAnArrayIsReadAloneAndLeftAsItWas() {
        float[] rows = new float[3 * LOGITS.length];
        Arrays.fill(rows, 50);
        System.arraycopy(LOGITS, 0, rows, LOGITS.length, LOGITS.length);
        float[] before = rows.clone();
        var config = new SamplingConfig.Builder()
                .topK(4)
                .topP(0.9)
                .repetitionPenalty(1.5)
                .presencePenalty(1)
                .frequencyPenalty(0.5)
                .logitBias(1, -1)
                .logitBias(4, 2)
                .minTokens(40)
                .stopTokenIds(List.of(3, 4))
                .numLogprobs(2)
                .seed(8)
                .build();
        StopTokens stops = StopTokens.of(config, List.of());
        Sampler within = new Sampler(config, 0, stops, 5, 5, 1);
        Sampler alone = new Sampler(config, 0, stops, 5, 5, 1);
        for (int i = 0; i < 50; i++) {
            assertThat(within.next(rows, LOGITS.length, 2 * LOGITS.length)).isEqualTo(alone.next(LOGITS.clone()));
            assertThat(rows).isEqualTo(before);
        }
        rows[LOGITS.length] = Float.NaN;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> within.next(rows, LOGITS.length, 2 * LOGITS.length))
                .withMessageContaining("got NaN for id 0");
        assertThat(Arrays.copyOfRange(rows, LOGITS.length + 1, rows.length))
                .isEqualTo(Arrays.copyOfRange(before, LOGITS.length + 1, rows.length));
    }

    @Test
    void noEndTokenIsDrawnBeforeTheFewestTokens() {
        float[] logits = {0, 9, 9, 0};
        var config = new SamplingConfig.Builder()
                .temperature(0)
                .minTokens(2)
                .stopTokenIds(List.of(2))
                .build();
        Sampler sampler = new Sampler(config, 0, StopTokens.of(config, List.of(1)));
        assertThat(IntStream.range(0, 4).map(_ -> sampler.next(logits).id())).containsExactly(0, 0, 1, 1);
        var ignored = new SamplingConfig.Builder(config).ignoreEos(true).build();
        Sampler other = new Sampler(ignored, 0, StopTokens.of(ignored, List.of(1)));
        assertThat(other.next(logits).id()).isEqualTo(1);
    }

    @Test
    void idsThatAreNotInTheVocabularyAreRefused() {
        var biased = new SamplingConfig.Builder().logitBias(4, 1).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Sampler(biased).next(0, 0, 0, 0))
                .withMessage("an id in logitBias must be below 4, the size of the vocabulary: got 4");
    }

    /// A history of many ids, which the table of counts has to grow for, against a plain array.
    @Test
    void penaltiesCountALongHistory() {
        int vocabSize = 3000;
        var random = new Random(4);
        float[] logits = new float[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            logits[id] = (float) random.nextGaussian();
        }
        int[] prompt = random.ints(500, 0, vocabSize).toArray();
        var config = new SamplingConfig.Builder()
                .repetitionPenalty(1.2)
                .presencePenalty(0.7)
                .frequencyPenalty(0.1)
                .maxTokens(10_000)
                .build();
        Sampler sampler = new Sampler(config, 0, StopTokens.NONE, prompt);
        int[] counts = new int[vocabSize];
        for (int i = 0; i < 4000; i++) {
            counts[sampler.next(logits).id()]++;
        }
        boolean[] seen = new boolean[vocabSize];
        Arrays.stream(prompt).forEach(id -> seen[id] = true);
        double[] expected = new double[vocabSize];
        for (int id = 0; id < vocabSize; id++) {
            double logit = logits[id];
            if (seen[id] || counts[id] > 0) {
                logit = logit < 0 ? logit * 1.2 : logit / 1.2;
            }
            expected[id] = Math.exp(logit - (counts[id] > 0 ? 0.7 : 0) - 0.1 * counts[id]);
        }
        double total = Arrays.stream(expected).sum();
        double[] probabilities = sampler.probabilities(logits);
        for (int id = 0; id < vocabSize; id++) {
            assertThat(probabilities[id]).isCloseTo(expected[id] / total, Offset.offset(1e-8));
        }
        assertThat(Arrays.stream(counts).filter(count -> count > 0).count()).isGreaterThan(1000);
    }

    @Test
    void extremesDoNotOverflow() {
        float[] far = {-3e38f, 3e38f, 0, Float.NEGATIVE_INFINITY};
        for (double temperature : new double[] {1e-300, 1, 1e300}) {
            int id = new Sampler(limits(temperature, 0, 0.99, 1)).next(far).id();
            assertThat(far[id]).isNotEqualTo(Float.NEGATIVE_INFINITY);
        }
        assertThat(new Sampler(limits(1e-300, 2, 1, 1)).next(far).id()).isEqualTo(1);
    }

    @Test
    void excludedIdsAreNeverDrawn() {
        float[] logits = {Float.NEGATIVE_INFINITY, 0, Float.NEGATIVE_INFINITY};
        for (int topK : new int[] {0, 2, 3}) {
            Sampler sampler = new Sampler(limits(1, topK, 1, 1));
            assertThat(IntStream.range(0, 200)
                            .map(_ -> sampler.next(logits).id())
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
}
