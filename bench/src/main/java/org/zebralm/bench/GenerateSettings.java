package org.zebralm.bench;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.zebralm.generate.EngineConfig;
import org.zebralm.model.ZebraConfig;

/// What of generation is timed, and how long for.
///
/// @param promptLengths tokens of prompts computed from nothing
/// @param depths tokens that the cache holds before decoding
/// @param tokens decoded at each depth
/// @param concurrency how many of `requests` are under way at a time
/// @param turnDepth tokens of a first turn, `turnTokens` those of the second
/// @param repeats timed repetitions of a row, of which the median counts
/// @param warmUpSeconds least time of unmeasured work before the first row
/// @param limitSeconds a row that would take longer for one repetition, with the prompt that it needs, is left out;
///     longer rows than this have fewer repetitions
public record GenerateSettings(
        List<GenerateSystem> systems,
        List<GeneratePhase> phases,
        List<Integer> promptLengths,
        List<Integer> depths,
        int tokens,
        List<Integer> concurrency,
        SharedRequests requests,
        int turnDepth,
        int turnTokens,
        int repeats,
        double warmUpSeconds,
        double limitSeconds,
        EngineConfig engine) {
    public GenerateSettings {
        systems = notEmpty("systems", systems);
        phases = notEmpty("phases", phases);
        promptLengths = positive("a prompt's length", notEmpty("prompt lengths", promptLengths));
        depths = positive("a depth", notEmpty("depths", depths));
        concurrency = positive("concurrency", notEmpty("concurrency", concurrency));
        positive("tokens, turn depth, turn tokens and repeats", List.of(tokens, turnDepth, turnTokens, repeats));
        for (int one : concurrency) {
            if (one > requests.count()) {
                throw new IllegalArgumentException(
                        "concurrency must be at most the number of requests: got " + one + " and " + requests.count());
            }
        }
        if (!(warmUpSeconds >= 0 && warmUpSeconds < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the warm-up must be 0 seconds or more: got " + warmUpSeconds);
        }
        if (!(limitSeconds > 0)) {
            throw new IllegalArgumentException("the limit must be above 0 seconds: got " + limitSeconds);
        }
        if (!engine.reusesPrefixes()) {
            throw new IllegalArgumentException("depths are filled once and reused: reusesPrefixes must be on");
        }
    }

    private static <T> List<T> notEmpty(String name, List<T> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException(name + " must name at least one: got none");
        }
        return values.stream().distinct().toList();
    }

    private static List<Integer> positive(String name, List<Integer> values) {
        for (int value : values) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " must be at least 1: got " + value);
            }
        }
        return values;
    }

    /// Returns the cases in the order in which they are timed. What a case has put into the cache serves the next: long
    /// prompts come before what goes on from them, and of those the deepest first.
    public List<GenerateCase> cases() {
        List<GenerateCase> cases = new ArrayList<>();
        if (phases.contains(GeneratePhase.PREFILL)) {
            promptLengths.stream()
                    .sorted()
                    .forEach(length -> cases.add(new GenerateCase(GeneratePhase.PREFILL, length, length, 1)));
        }
        if (phases.contains(GeneratePhase.SECOND_TURN)) {
            cases.add(new GenerateCase(GeneratePhase.SECOND_TURN, turnDepth, turnTokens, 1));
        }
        if (phases.contains(GeneratePhase.DECODE)) {
            depths.stream()
                    .sorted(Comparator.reverseOrder())
                    .forEach(depth -> cases.add(new GenerateCase(GeneratePhase.DECODE, depth, tokens, 1)));
        }
        if (phases.contains(GeneratePhase.CONCURRENT)) {
            concurrency.stream()
                    .sorted()
                    .forEach(one -> cases.add(new GenerateCase(
                            GeneratePhase.CONCURRENT, requests.input(), requests.count() * requests.output(), one)));
        }
        return cases;
    }

    /// Fails unless a model has the positions that every case needs.
    void requireFit(ZebraConfig model) {
        for (GenerateCase timed : cases()) {
            int needed = timed.depth()
                    + switch (timed.phase()) {
                        case PREFILL -> 1;
                        case SECOND_TURN, DECODE -> timed.tokens() + 1;
                        case CONCURRENT -> requests.output();
                    };
            if (needed > model.maxPositions()) {
                throw new IllegalArgumentException(
                        "%s at %d needs %d positions: got a model of %d; choose shorter ones, or give it more positions"
                                .formatted(timed.phase().label(), timed.depth(), needed, model.maxPositions()));
            }
        }
    }
}
