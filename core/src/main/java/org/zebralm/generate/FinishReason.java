package org.zebralm.generate;

/// Why a generation ended.
public enum FinishReason {
    /// The model produced one of its end tokens, which is not among the tokens returned.
    END_OF_SEQUENCE,
    /// The model produced a stop token of the request, which is not among the tokens returned.
    STOP_TOKEN,
    /// The text contained a stop string of the request, and ends before it. Its tokens are among those returned.
    STOP_STRING,
    /// As many tokens as were asked for.
    MAX_TOKENS,
    /// Prompt and tokens together fill the positions the model was trained on.
    MAX_POSITIONS,
    /// The listener asked for no more.
    STOPPED,
    /// The time allowed was over.
    DEADLINE
}
