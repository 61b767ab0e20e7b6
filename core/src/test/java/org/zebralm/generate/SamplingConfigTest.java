package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SamplingConfigTest {
    private static void refused(UnaryOperator<SamplingConfig.Builder> settings, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings.apply(new SamplingConfig.Builder()).build())
                .withMessageContaining(message);
    }

    @Test
    void impossibleSettingsAreRefused() {
        refused(with -> with.temperature(-1), "temperature must be finite and not negative");
        refused(with -> with.temperature(Double.NaN), "got NaN");
        refused(with -> with.topK(-1), "topK must not be negative (0 switches it off): got -1");
        refused(with -> with.topP(0), "topP");
        refused(with -> with.topP(1.1), "got 1.1");
        refused(with -> with.minP(1.5), "minP must be between 0 (which switches it off) and 1: got 1.5");
        refused(with -> with.minP(Double.NaN), "minP");
        refused(with -> with.repetitionPenalty(0), "repetitionPenalty must be between 0.01 and 100");
        refused(with -> with.presencePenalty(2.5), "presencePenalty must be between -2 and 2");
        refused(with -> with.frequencyPenalty(Double.NaN), "frequencyPenalty must be between -2 and 2");
        refused(with -> with.logitBias(7, 101), "got 101.0 for id 7");
        refused(with -> with.logitBias(7, Double.NEGATIVE_INFINITY), "a bias must be between -100");
        refused(with -> with.logitBias(-1, 1), "an id in logitBias must not be negative: got -1");
        refused(with -> with.maxTokens(0), "maxTokens must be at least 1: got 0");
        refused(with -> with.minTokens(-1), "minTokens");
        refused(with -> with.stopTokenIds(List.of(-2)), "a stop token's id must not be negative: got -2");
        refused(with -> with.stopStrings(List.of("")), "at least one character");
        refused(with -> with.stopStrings(List.of("a\uD83E")), "half a surrogate pair");
        refused(with -> with.numLogprobs(-2), "numLogprobs must be at least 0");
        refused(with -> with.numSamples(0), "numSamples must be at least 1: got 0");
        refused(
                with -> with.stopStrings(
                        IntStream.range(0, 33).mapToObj(Integer::toString).toList()),
                "stopStrings must be at most 32: got 33");
    }

    @Test
    void settingsThatContradictEachOtherAreRefused() {
        refused(with -> with.temperature(0).numSamples(2), "numSamples must be 1 at temperature 0");
        refused(with -> with.maxTokens(5).minTokens(6), "minTokens must be between 0 and maxTokens, 5: got 6");
    }

    @Test
    void whatDependsOnTheVocabularyIsCheckedAgainstIt() {
        var config = new SamplingConfig.Builder()
                .logitBias(9, 1)
                .stopTokenIds(List.of(8))
                .numLogprobs(7)
                .build();
        config.requireFit(10);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.requireFit(9))
                .withMessageContaining("logitBias must be below 9, the size of the vocabulary: got 9");
        var stop = new SamplingConfig.Builder().stopTokenIds(List.of(8)).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> stop.requireFit(8))
                .withMessageContaining("a stop token's id must be below 8");
        var logprobs = new SamplingConfig.Builder().numLogprobs(7).build();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> logprobs.requireFit(6))
                .withMessageContaining("numLogprobs must be at most 6");
    }

    @Test
    void aBuilderFromSettingsKeepsThemAll() {
        var config = new SamplingConfig(
                0.5,
                3,
                0.7,
                0.1,
                1.1,
                0.2,
                0.3,
                Map.of(4, 5.0),
                6,
                70,
                8,
                Collections.unmodifiableSequencedSet(new java.util.LinkedHashSet<>(List.of(9))),
                List.of("stop"),
                true,
                10,
                true,
                11);
        assertThat(new SamplingConfig.Builder(config).build()).isEqualTo(config);
        assertThat(new SamplingConfig.Builder().build())
                .isEqualTo(new SamplingConfig.Builder(new SamplingConfig.Builder().build()).build())
                .isNotEqualTo(config);
    }

    @Test
    void aStopStringMayBeLong() {
        String stop = "ab".repeat(5_000);
        assertThat(new SamplingConfig.Builder()
                        .stopStrings(List.of(stop))
                        .build()
                        .stopStrings())
                .containsExactly(stop);
    }
}
