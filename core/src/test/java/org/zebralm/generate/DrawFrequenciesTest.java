package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// How often ids are drawn against plain loops over the distribution: Pearson's chi-square, with fixed seeds.
class DrawFrequenciesTest {
    private static final int VOCABULARY = 1200;
    private static final int DRAWS = 40_000;

    private static Stream<SamplingConfig> settings() {
        return Stream.of(
                new SamplingConfig.Builder().seed(1).build(),
                new SamplingConfig.Builder().temperature(0.5).seed(2).build(),
                new SamplingConfig.Builder().temperature(2).topK(50).seed(3).build(),
                new SamplingConfig.Builder().topP(0.7).seed(4).build(),
                new SamplingConfig.Builder().minP(0.05).seed(5).build(),
                new SamplingConfig.Builder()
                        .temperature(1.5)
                        .topK(600)
                        .topP(0.9)
                        .minP(0.01)
                        .seed(6)
                        .build());
    }

    @ParameterizedTest
    @MethodSource("settings")
    void drawsFollowTheDistribution(SamplingConfig config) {
        var random = new Random(7);
        float[] logits = new float[VOCABULARY];
        for (int id = 0; id < logits.length; id++) {
            logits[id] = (float) (2 * random.nextGaussian());
        }
        double[] expected = distribution(logits, config);
        int[] counts = new int[VOCABULARY];
        Sampler sampler = new Sampler(config);
        for (int i = 0; i < DRAWS; i++) {
            counts[sampler.next(logits).id()]++;
        }

        double statistic = 0;
        int cells = 0;
        double restExpected = 0;
        double restCount = 0;
        for (int id = 0; id < VOCABULARY; id++) {
            double times = expected[id] * DRAWS;
            if (expected[id] == 0) {
                assertThat(counts[id]).as("id %s is left out", id).isZero();
            } else if (times < 10) { // too few for the approximation, so they share a cell
                restExpected += times;
                restCount += counts[id];
            } else {
                statistic += (counts[id] - times) * (counts[id] - times) / times;
                cells++;
            }
        }
        if (restExpected >= 10) {
            statistic += (restCount - restExpected) * (restCount - restExpected) / restExpected;
            cells++;
        }
        assertThat(cells).isGreaterThan(5);
        assertThat(statistic).isBetween(quantile(cells - 1, -3.7), quantile(cells - 1, 3.7));
    }

    /// Wilson and Hilferty's approximation of the chi-square quantile at so many standard deviations: one in 10,000.
    private static double quantile(int freedom, double deviations) {
        double part = 2.0 / (9 * freedom);
        return freedom * Math.pow(1 - part + deviations * Math.sqrt(part), 3);
    }

    /// Sorts everything, and takes what the definitions say.
    private static double[] distribution(float[] logits, SamplingConfig config) {
        Integer[] order = new Integer[logits.length];
        Arrays.setAll(order, id -> id);
        Arrays.sort(order, (a, b) -> Float.compare(logits[b], logits[a]));
        int kept = config.topK() == 0 ? order.length : config.topK();
        double[] weights = new double[logits.length];
        for (int i = 0; i < kept; i++) {
            weights[order[i]] = Math.exp(logits[order[i]] / config.temperature());
        }
        double total = Arrays.stream(weights).sum();
        double before = 0;
        for (int id : order) {
            double weight = weights[id];
            if ((before >= config.topP() * total && config.topP() < 1) || weight < config.minP() * weights[order[0]]) {
                weights[id] = 0;
            }
            before += weight;
        }
        double left = Arrays.stream(weights).sum();
        return Arrays.stream(weights).map(weight -> weight / left).toArray();
    }
}
