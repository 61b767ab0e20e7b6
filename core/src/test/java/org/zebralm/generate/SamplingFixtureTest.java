package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The distribution drawn from against transformers' processors (`oracle/sampling.py`).
class SamplingFixtureTest {
    private static final Offset<Double> CLOSE = Offset.offset(1e-6);
    private static final JsonNode FIXTURE = read();

    private static JsonNode read() {
        try {
            return new ObjectMapper()
                    .readTree(
                            Path.of("src/test/resources/fixtures/sampling.json").toFile());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static Stream<JsonNode> cases() {
        return FIXTURE.path("cases").valueStream();
    }

    @Test
    void everySettingHasCases() {
        Map<String, Integer> counts = new HashMap<>();
        cases().forEach(each ->
                each.path("settings").fieldNames().forEachRemaining(name -> counts.merge(name, 1, Integer::sum)));
        assertThat(counts)
                .containsOnlyKeys(
                        "temperature",
                        "top_k",
                        "top_p",
                        "min_p",
                        "repetition_penalty",
                        "presence_penalty",
                        "frequency_penalty",
                        "logit_bias")
                .allSatisfy((_, count) -> assertThat(count).isGreaterThanOrEqualTo(8));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theDistributionIsThatOfTransformers(JsonNode each) {
        float[] logits = logits(each.path("row").asText());
        SamplingConfig config = config(each.path("settings"));
        Sampler sampler = afterOutput(config, ids(each.path("output")));

        double[] ours = sampler.probabilities(logits);

        double[] theirs = each.path("probabilities")
                .valueStream()
                .mapToDouble(JsonNode::asDouble)
                .toArray();
        if (config.topP() == 1) {
            assertThat(ours).containsExactly(theirs, CLOSE);
            return;
        }
        // Which of equals are within top-p is left open there: as many have the same probability, the lower ids here.
        double[] free = afterOutput(new SamplingConfig.Builder(config).topP(1).build(), ids(each.path("output")))
                .probabilities(logits);
        Map<Double, List<Integer>> equals = new TreeMap<>();
        for (int id = 0; id < free.length; id++) {
            equals.computeIfAbsent(free[id], _ -> new ArrayList<>()).add(id);
        }
        for (List<Integer> group : equals.values()) {
            double[] oursOfGroup = group.stream().mapToDouble(id -> ours[id]).toArray();
            double[] theirsSorted = group.stream()
                    .map(id -> theirs[id])
                    .sorted((a, b) -> Double.compare(b, a))
                    .mapToDouble(p -> p)
                    .toArray();
            assertThat(oursOfGroup).containsExactly(theirsSorted, CLOSE);
        }
    }

    /// A sampler that has drawn these ids: each is certain from logits that leave nothing else.
    private static Sampler afterOutput(SamplingConfig config, int... output) {
        Sampler sampler = new Sampler(config, 0, StopTokens.NONE, ids(FIXTURE.path("prompt")));
        for (int id : output) {
            float[] certain = new float[48];
            java.util.Arrays.fill(certain, Float.NEGATIVE_INFINITY);
            certain[id] = 0;
            assertThat(sampler.next(certain).id()).isEqualTo(id);
        }
        return sampler;
    }

    private static float[] logits(String row) {
        JsonNode numbers = FIXTURE.path("logits").path(row);
        float[] logits = new float[numbers.size()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = numbers.get(i).isNull()
                    ? Float.NEGATIVE_INFINITY
                    : (float) numbers.get(i).asDouble();
        }
        return logits;
    }

    private static int[] ids(JsonNode node) {
        return node.valueStream().mapToInt(JsonNode::intValue).toArray();
    }

    private static SamplingConfig config(JsonNode settings) {
        var config = new SamplingConfig.Builder();
        settings.properties().forEach(entry -> {
            double value = entry.getValue().asDouble();
            switch (entry.getKey()) {
                case "temperature" -> config.temperature(value);
                case "top_k" -> config.topK((int) value);
                case "top_p" -> config.topP(value);
                case "min_p" -> config.minP(value);
                case "repetition_penalty" -> config.repetitionPenalty(value);
                case "presence_penalty" -> config.presencePenalty(value);
                case "frequency_penalty" -> config.frequencyPenalty(value);
                case "logit_bias" ->
                    entry.getValue()
                            .properties()
                            .forEach(bias -> config.logitBias(
                                    Integer.parseInt(bias.getKey()),
                                    bias.getValue().asDouble()));
                default -> throw new IllegalArgumentException(entry.getKey());
            }
        });
        return config.build();
    }
}
