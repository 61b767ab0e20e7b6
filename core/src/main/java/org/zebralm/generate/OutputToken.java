package org.zebralm.generate;

import org.jspecify.annotations.Nullable;

/// What one more token adds to an output.
///
/// The texts of all tokens, joined, are the output's text. One token's text may be empty, or belong to tokens
/// before it: characters are whole, and what may become a stop string is held back.
///
/// @param text what can be shown now
/// @param finishReason why the output ends with this token, or null if it goes on
/// @param stopString the stop string the output ended before, or null
public record OutputToken(
        int id,
        @Nullable TokenLogprobs logprobs,
        String text,
        @Nullable FinishReason finishReason,
        @Nullable String stopString) {
    /// Whether the output ends here.
    public boolean isLast() {
        return finishReason != null;
    }

    /// Whether the token only ended the output and is not part of it.
    public boolean isStopToken() {
        return finishReason == FinishReason.END_OF_SEQUENCE || finishReason == FinishReason.STOP_TOKEN;
    }
}
