package org.zebralm.generate;

import org.jspecify.annotations.Nullable;

/// A token drawn, with the log-probabilities that were asked for.
public record SampledToken(int id, @Nullable TokenLogprobs logprobs) {}
