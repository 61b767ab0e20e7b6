package org.zebralm.generate;

/// How the next token is drawn, and how many at most.
///
/// Temperature 0 takes the likeliest token, whatever the limits; `topK` 0 and `topP` 1 switch those off.
public record SamplingConfig(double temperature, int topK, double topP, long seed, int maxTokens) {
    public SamplingConfig {
        if (!(temperature >= 0) || Double.isInfinite(temperature)) {
            throw new IllegalArgumentException(
                    "temperature must be finite and not negative (0 takes the likeliest token): got " + temperature);
        }
        if (topK < 0) {
            throw new IllegalArgumentException("topK must not be negative (0 switches it off): got " + topK);
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new IllegalArgumentException(
                    "topP must be above 0 and at most 1 (which switches it off): got " + topP);
        }
        if (maxTokens < 1) {
            throw new IllegalArgumentException("maxTokens must be at least 1: got " + maxTokens);
        }
    }

    /// Takes the likeliest token each time.
    public static SamplingConfig greedy(int maxTokens) {
        return new SamplingConfig(0, 0, 1, 0, maxTokens);
    }
}
