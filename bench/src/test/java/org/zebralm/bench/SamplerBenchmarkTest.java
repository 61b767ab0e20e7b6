package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SamplerBenchmarkTest {
    @ParameterizedTest
    @EnumSource
    void everySettingDrawsFromTheWholeVocabulary(SamplerBenchmark.Settings settings) {
        var benchmark = new SamplerBenchmark();
        benchmark.settings = settings;
        benchmark.vocabulary = 5000;
        benchmark.prepare();
        int greatest = 0;
        for (int i = 0; i < 40; i++) {
            greatest = Math.max(greatest, benchmark.next().id());
        }
        assertThat(greatest).isBetween(500, 4999);
        assertThat(benchmark.next().logprobs() != null)
                .isEqualTo(settings == SamplerBenchmark.Settings.GREEDY_LOGPROBS);
    }
}
