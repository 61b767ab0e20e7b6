package org.zebralm.generate;

import java.util.List;

/// What a generation produced, and what it took.
///
/// `prefillSeconds` is the time to the first token, `decodeSeconds` that of all further ones, the listener's
/// time not counted. `cacheBytes` is what the cache held at the end.
public record Generation(
        List<Integer> tokens,
        FinishReason finishReason,
        int promptTokens,
        int decodeSteps,
        double prefillSeconds,
        double decodeSeconds,
        long cacheBytes) {
    public Generation {
        tokens = List.copyOf(tokens);
    }

    public double prefillTokensPerSecond() {
        return promptTokens / prefillSeconds;
    }

    /// Returns how many tokens followed the first per second, 0 where none did.
    public double decodeTokensPerSecond() {
        return decodeSteps == 0 ? 0 : decodeSteps / decodeSeconds;
    }

    /// Returns the tokens as a tokenizer takes them.
    public int[] ids() {
        return tokens.stream().mapToInt(Integer::intValue).toArray();
    }
}
