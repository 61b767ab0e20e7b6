package org.zebralm.generate;

/// Why a generation ended.
public enum FinishReason {
    /// The model produced its end-of-sequence token, which is not among the tokens returned.
    END_OF_SEQUENCE,
    /// As many tokens as were asked for.
    MAX_TOKENS,
    /// Prompt and tokens together fill the positions the model was trained on.
    MAX_POSITIONS,
    /// The listener asked for no more.
    STOPPED
}
