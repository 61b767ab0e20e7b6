package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import org.zebralm.train.MetricsLog;

/// What a run's metrics say of it, interruptions included.
///
/// @param lossFirst loss of the first step
/// @param lossLast mean loss of the last tenth of the steps, at most 20: one batch alone is noisy
/// @param validationLoss the last one, or NaN without any
/// @param seconds time spent in steps
record RunResult(int steps, long tokens, double lossFirst, double lossLast, double validationLoss, double seconds) {
    private static final int LAST = 20;

    static RunResult of(Path metrics) {
        List<JsonNode> lines = MetricsLog.read(metrics);
        List<JsonNode> steps = lines.stream().filter(line -> line.has("loss")).toList();
        if (steps.isEmpty()) {
            throw new IllegalArgumentException(metrics + " reports no step");
        }
        int last = Math.clamp(steps.size() / 10, 1, LAST);
        return new RunResult(
                steps.getLast().get("step").asInt(),
                steps.stream().mapToLong(line -> line.get("tokens").asLong()).sum(),
                steps.getFirst().get("loss").asDouble(),
                steps.subList(steps.size() - last, steps.size()).stream()
                        .mapToDouble(line -> line.get("loss").asDouble())
                        .average()
                        .orElseThrow(),
                lines.stream()
                        .filter(line -> line.has("validationLoss"))
                        .reduce((_, later) -> later)
                        .map(line -> line.get("validationLoss").asDouble())
                        .orElse(Double.NaN),
                steps.stream()
                        .mapToDouble(line -> line.get("seconds").asDouble())
                        .sum());
    }

    double tokensPerSecond() {
        return tokens / seconds;
    }
}
