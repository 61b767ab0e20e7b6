package org.zebralm.generate;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a generation produced, and what it took.
///
/// `prefillSeconds` is the time to the first token, `decodeSeconds` that of all further ones, the listener's
/// time not counted. `cacheBytes` is what the cache held at the end.
///
/// @param tokens the output's; a stop token is not one of them, those of a stop string are
/// @param text the output's up to a stop string; nothing where there was no tokenizer
/// @param stopString the stop string that ended the text, or null
/// @param logprobs one for each token if asked for, else none
/// @param promptLogprobs one for each token of the prompt from the second on if asked for, else none
public record Generation(
        List<Integer> tokens,
        String text,
        FinishReason finishReason,
        @Nullable String stopString,
        List<TokenLogprobs> logprobs,
        List<TokenLogprobs> promptLogprobs,
        int promptTokens,
        int decodeSteps,
        double prefillSeconds,
        double decodeSeconds,
        long cacheBytes) {
    public Generation {
        tokens = List.copyOf(tokens);
        logprobs = List.copyOf(logprobs);
        promptLogprobs = List.copyOf(promptLogprobs);
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
