package org.zebralm.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// How a model's layers know positions, in words.
final class RopeText {
    private RopeText() {}

    /// Returns `rotary base 10K`, or one such phrase for each kind of layer with how many there are.
    static String of(ZebraConfig config) {
        if (config.sharedRope().isPresent()) {
            return of(config.sharedRope().get());
        }
        Map<RopeConfig, Integer> counts = new LinkedHashMap<>();
        config.ropes().forEach(rope -> counts.merge(rope, 1, Integer::sum));
        return counts.entrySet().stream()
                .map(entry ->
                        of(entry.getKey()) + " in " + entry.getValue() + (entry.getValue() == 1 ? " layer" : " layers"))
                .collect(Collectors.joining("; "));
    }

    private static String of(RopeConfig rope) {
        return switch (rope) {
            case RopeConfig.None _ -> "no positions";
            case RopeConfig.Rotary(double theta, RopeScaling scaling) ->
                "rotary base " + Units.count(theta) + of(scaling);
        };
    }

    private static String of(RopeScaling scaling) {
        return switch (scaling) {
            case RopeScaling.None _ -> "";
            case RopeScaling.Linear(double factor) -> ", linear x%s".formatted(number(factor));
            case RopeScaling.DynamicNtk(double factor, int original, int positions) ->
                ", dynamic NTK x%s beyond %d, for %d".formatted(number(factor), original, positions);
            case RopeScaling.Yarn yarn ->
                ", YaRN x%s from %d".formatted(number(yarn.factor()), yarn.originalPositions());
            case RopeScaling.Llama3 llama3 ->
                ", Llama 3 scaling x%s from %d".formatted(number(llama3.factor()), llama3.originalPositions());
        };
    }

    private static String number(double factor) {
        return factor == Math.rint(factor) ? Long.toString((long) factor) : Double.toString(factor);
    }
}
