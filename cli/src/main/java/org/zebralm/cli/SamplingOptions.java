package org.zebralm.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.generate.SamplingConfig;
import picocli.CommandLine.Option;

/// How a verb that writes text draws its tokens, and what ends it.
final class SamplingOptions {
    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens to write (default: 200; 2000 for each answer of a chat).")
    private @Nullable Integer maxTokens;

    @Option(
            names = "--min-tokens",
            paramLabel = "N",
            defaultValue = "0",
            description = "Before N tokens nothing ends the text (default: ${DEFAULT-VALUE}).")
    private int minTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.8",
            description = "Randomness; 0 takes the likeliest token (default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "Draw from the K likeliest; 0: off.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "Draw from the likeliest that together have probability P (default: 0.95, off at temperature 0).")
    private @Nullable Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "P",
            defaultValue = "0",
            description = "Draw from those with at least P times the likeliest's probability; 0: off.")
    private double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "R",
            defaultValue = "1",
            description = "Above 1: tokens of prompt and text become less likely, as in transformers; 1: off.")
    private double repetitionPenalty;

    @Option(
            names = "--presence-penalty",
            paramLabel = "A",
            defaultValue = "0",
            description = "Taken from the logits of tokens written before, -2 to 2, as in OpenAI's API; 0: off.")
    private double presencePenalty;

    @Option(
            names = "--frequency-penalty",
            paramLabel = "A",
            defaultValue = "0",
            description = "Taken as often as the token was written; 0: off.")
    private double frequencyPenalty;

    @Option(
            names = "--logit-bias",
            paramLabel = "ID=B",
            description = "Make the token with this id likelier (up to 100) or less likely (down to -100); repeatable.")
    private Map<Integer, Double> logitBias = new LinkedHashMap<>();

    @Option(
            names = "--stop",
            paramLabel = "TEXT",
            description = "End before this text; repeatable. In bash a line break is $'\\n'.")
    private List<String> stopStrings = new ArrayList<>();

    @Option(names = "--stop-token", paramLabel = "ID", description = "End at the token with this id; repeatable.")
    private List<Integer> stopTokenIds = new ArrayList<>();

    @Option(names = "--ignore-eos", description = "Go on past the model's own end tokens.")
    private boolean ignoreEos;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Decides the draws (default: 0).")
    private long seed;

    /// Returns the settings.
    ///
    /// @param mostTokens most tokens of a text unless the user says otherwise
    /// @throws IllegalArgumentException if one is impossible, or two contradict each other
    SamplingConfig config(int mostTokens) {
        return new SamplingConfig.Builder()
                .temperature(temperature)
                .topK(topK)
                .topP(Objects.requireNonNullElse(topP, temperature == 0 ? 1.0 : 0.95))
                .minP(minP)
                .repetitionPenalty(repetitionPenalty)
                .presencePenalty(presencePenalty)
                .frequencyPenalty(frequencyPenalty)
                .logitBias(logitBias)
                .seed(seed)
                .maxTokens(Objects.requireNonNullElse(maxTokens, mostTokens))
                .minTokens(minTokens)
                .stopTokenIds(stopTokenIds)
                .stopStrings(stopStrings)
                .ignoreEos(ignoreEos)
                .build();
    }
}
