package org.zebralm.generate;

import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;

/// How tokens are drawn, what ends an output, and what is reported with it.
///
/// Temperature 0 takes the likeliest token, which is within every limit. What each setting computes, and in which
/// order, is told by [Sampler]; what ends an output by [TextOutput]. A [Builder] has defaults for all.
///
/// @param temperature what logits are divided by; 0 takes the likeliest token
/// @param topK draw from the `topK` likeliest and their equals; 0 for all
/// @param topP draw from the fewest likeliest that together have this probability; 1 for all
/// @param minP draw from those with at least this share of the likeliest's probability; 0 for all
/// @param repetitionPenalty what positive logits of ids in prompt and output are divided by, and others
///     multiplied with; 1 for none
/// @param presencePenalty taken from the logits of ids in the output
/// @param frequencyPenalty taken from them as often as the id occurs
/// @param logitBias added to the logits of these ids
/// @param seed decides the draws, together with the number of the sample
/// @param minTokens before so many tokens no end token is drawn and no stop string looked for
/// @param stopTokenIds end an output beside the model's own end tokens
/// @param stopStrings end an output where one of them is complete
/// @param ignoreEos whether the model's own end tokens are tokens like others
/// @param numLogprobs how many likeliest tokens are reported with each token; 0 for the token's own
///     log-probability, [#NO_LOGPROBS] for none
/// @param promptLogprobs whether the prompt's tokens get log-probabilities as well
/// @param numSamples how many outputs one prompt gets
public record SamplingConfig(
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        double presencePenalty,
        double frequencyPenalty,
        Map<Integer, Double> logitBias,
        long seed,
        int maxTokens,
        int minTokens,
        SequencedSet<Integer> stopTokenIds,
        List<String> stopStrings,
        boolean ignoreEos,
        int numLogprobs,
        boolean promptLogprobs,
        int numSamples) {
    /// No log-probabilities of output tokens.
    public static final int NO_LOGPROBS = -1;

    /// Each character is compared with each stop string.
    public static final int MAX_STOP_STRINGS = 32;

    private static final double MAX_BIAS = 100;
    private static final double MAX_PENALTY = 2;
    private static final double MAX_REPETITION_PENALTY = 100;

    public SamplingConfig {
        logitBias = Map.copyOf(logitBias);
        stopTokenIds = Collections.unmodifiableSequencedSet(new LinkedHashSet<>(stopTokenIds));
        stopStrings = List.copyOf(stopStrings);
        require(
                temperature >= 0 && Double.isFinite(temperature),
                "temperature must be finite and not negative (0 takes the likeliest token): got " + temperature);
        require(topK >= 0, "topK must not be negative (0 switches it off): got " + topK);
        require(topP > 0 && topP <= 1, "topP must be above 0 and at most 1 (which switches it off): got " + topP);
        require(minP >= 0 && minP <= 1, "minP must be between 0 (which switches it off) and 1: got " + minP);
        require(
                repetitionPenalty >= 1 / MAX_REPETITION_PENALTY && repetitionPenalty <= MAX_REPETITION_PENALTY,
                "repetitionPenalty must be between 0.01 and 100 (1 switches it off): got " + repetitionPenalty);
        requirePenalty("presencePenalty", presencePenalty);
        requirePenalty("frequencyPenalty", frequencyPenalty);
        logitBias.forEach(SamplingConfig::requireBias);
        require(maxTokens >= 1, "maxTokens must be at least 1: got " + maxTokens);
        require(
                minTokens >= 0 && minTokens <= maxTokens,
                "minTokens must be between 0 and maxTokens, " + maxTokens + ": got " + minTokens);
        for (int id : stopTokenIds) {
            require(id >= 0, "a stop token's id must not be negative: got " + id);
        }
        require(
                stopStrings.size() <= MAX_STOP_STRINGS,
                "stopStrings must be at most " + MAX_STOP_STRINGS + ": got " + stopStrings.size());
        stopStrings.forEach(SamplingConfig::requireStopString);
        require(
                numLogprobs >= NO_LOGPROBS,
                "numLogprobs must be at least 0 (the token's own), or -1 for none: got " + numLogprobs);
        require(numSamples >= 1, "numSamples must be at least 1: got " + numSamples);
        require(
                numSamples == 1 || temperature > 0,
                "numSamples must be 1 at temperature 0, where all samples are the same: got " + numSamples
                        + "; raise the temperature");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException(otherwise);
        }
    }

    private static void requirePenalty(String name, double penalty) {
        require(
                penalty >= -MAX_PENALTY && penalty <= MAX_PENALTY,
                name + " must be between -2 and 2 (0 switches it off): got " + penalty);
    }

    private static void requireBias(int id, double bias) {
        require(id >= 0, "an id in logitBias must not be negative: got " + id);
        require(
                bias >= -MAX_BIAS && bias <= MAX_BIAS,
                "a bias must be between -100 (never) and 100 (always): got " + bias + " for id " + id);
    }

    private static void requireStopString(String stop) {
        require(!stop.isEmpty(), "a stop string must have at least one character: got \"\"");
        require(
                StandardCharsets.UTF_8.newEncoder().canEncode(stop),
                "a stop string must be well-formed text, or nothing can equal it: got half a surrogate pair");
    }

    /// Takes the likeliest token each time.
    public static SamplingConfig greedy(int maxTokens) {
        return new Builder().temperature(0).maxTokens(maxTokens).build();
    }

    /// Checks what depends on the model: ids are in the vocabulary, and no more log-probabilities are asked for than
    /// it has tokens.
    ///
    /// @throws IllegalArgumentException if not
    public void requireFit(int vocabSize) {
        String below = " must be below " + vocabSize + ", the size of the vocabulary: got ";
        logitBias.keySet().forEach(id -> require(id < vocabSize, "an id in logitBias" + below + id));
        stopTokenIds.forEach(id -> require(id < vocabSize, "a stop token's id" + below + id));
        require(
                numLogprobs <= vocabSize,
                "numLogprobs must be at most " + vocabSize + ", the size of the vocabulary: got " + numLogprobs);
    }

    /// Whether output tokens get log-probabilities.
    public boolean hasLogprobs() {
        return numLogprobs != NO_LOGPROBS;
    }

    /// Whether logits depend on which tokens came before.
    boolean hasPenalties() {
        return repetitionPenalty != 1 || presencePenalty != 0 || frequencyPenalty != 0;
    }

    /// Collects settings, starting from the model's own distribution: temperature 1 and no limits, at most 256
    /// tokens, seed 0.
    public static final class Builder {
        private double temperature = 1;
        private int topK;
        private double topP = 1;
        private double minP;
        private double repetitionPenalty = 1;
        private double presencePenalty;
        private double frequencyPenalty;
        private final Map<Integer, Double> logitBias = new HashMap<>();
        private long seed;
        private int maxTokens = 256;
        private int minTokens;
        private final SequencedSet<Integer> stopTokenIds = new LinkedHashSet<>();
        private final SequencedSet<String> stopStrings = new LinkedHashSet<>();
        private boolean ignoreEos;
        private int numLogprobs = NO_LOGPROBS;
        private boolean promptLogprobs;
        private int numSamples = 1;

        /// Starts from the defaults.
        public Builder() {}

        /// Starts from other settings.
        public Builder(SamplingConfig from) {
            temperature = from.temperature;
            topK = from.topK;
            topP = from.topP;
            minP = from.minP;
            repetitionPenalty = from.repetitionPenalty;
            presencePenalty = from.presencePenalty;
            frequencyPenalty = from.frequencyPenalty;
            logitBias.putAll(from.logitBias);
            seed = from.seed;
            maxTokens = from.maxTokens;
            minTokens = from.minTokens;
            stopTokenIds.addAll(from.stopTokenIds);
            stopStrings.addAll(from.stopStrings);
            ignoreEos = from.ignoreEos;
            numLogprobs = from.numLogprobs;
            promptLogprobs = from.promptLogprobs;
            numSamples = from.numSamples;
        }

        public Builder temperature(double value) {
            temperature = value;
            return this;
        }

        public Builder topK(int value) {
            topK = value;
            return this;
        }

        public Builder topP(double value) {
            topP = value;
            return this;
        }

        public Builder minP(double value) {
            minP = value;
            return this;
        }

        public Builder repetitionPenalty(double value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder presencePenalty(double value) {
            presencePenalty = value;
            return this;
        }

        public Builder frequencyPenalty(double value) {
            frequencyPenalty = value;
            return this;
        }

        /// Sets the bias of one id.
        public Builder logitBias(int id, double bias) {
            logitBias.put(id, bias);
            return this;
        }

        /// Sets the biases of some ids.
        public Builder logitBias(Map<Integer, Double> biases) {
            logitBias.putAll(biases);
            return this;
        }

        public Builder seed(long value) {
            seed = value;
            return this;
        }

        public Builder maxTokens(int value) {
            maxTokens = value;
            return this;
        }

        public Builder minTokens(int value) {
            minTokens = value;
            return this;
        }

        /// Adds stop tokens.
        public Builder stopTokenIds(Collection<Integer> ids) {
            stopTokenIds.addAll(ids);
            return this;
        }

        /// Adds stop strings.
        public Builder stopStrings(Collection<String> texts) {
            stopStrings.addAll(texts);
            return this;
        }

        public Builder ignoreEos(boolean value) {
            ignoreEos = value;
            return this;
        }

        public Builder numLogprobs(int value) {
            numLogprobs = value;
            return this;
        }

        public Builder promptLogprobs(boolean value) {
            promptLogprobs = value;
            return this;
        }

        public Builder numSamples(int value) {
            numSamples = value;
            return this;
        }

        /// Returns the settings.
        ///
        /// @throws IllegalArgumentException if one is out of its range, or two contradict each other
        public SamplingConfig build() {
            return new SamplingConfig(
                    temperature,
                    topK,
                    topP,
                    minP,
                    repetitionPenalty,
                    presencePenalty,
                    frequencyPenalty,
                    logitBias,
                    seed,
                    maxTokens,
                    minTokens,
                    stopTokenIds,
                    List.copyOf(stopStrings),
                    ignoreEos,
                    numLogprobs,
                    promptLogprobs,
                    numSamples);
        }
    }
}
