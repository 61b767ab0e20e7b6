package org.zebralm.bench;

import java.util.Arrays;
import java.util.stream.Collectors;

/// What of generation is timed. `bench/peers` times peers by the same definitions.
public enum GeneratePhase {
    /// Tokens of a prompt by the seconds from its submission to the first token, with nothing cached.
    PREFILL("prefill"),
    /// New tokens after a first turn that is cached, by the seconds from submission to the first token.
    SECOND_TURN("second-turn"),
    /// Tokens of one sequence by the seconds from its first token to its last; before the first step the cache holds
    /// `depth` tokens.
    DECODE("decode"),
    /// Tokens written for requests with a common beginning, by the seconds from the first request's submission to the
    /// last token; `concurrency` of them are under way at a time, and nothing is cached when the first comes.
    CONCURRENT("concurrent");

    private final String label;

    GeneratePhase(String label) {
        this.label = label;
    }

    /// Returns the name users write.
    public String label() {
        return label;
    }

    /// Returns the phase with this [#label].
    public static GeneratePhase parse(String label) {
        return Arrays.stream(values())
                .filter(phase -> phase.label.equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a phase must be one of "
                        + Arrays.stream(values()).map(GeneratePhase::label).collect(Collectors.joining(", "))
                        + ": got " + label));
    }
}
