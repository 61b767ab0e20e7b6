package org.zebralm.generate;

import java.util.List;

/// The log-probability of a token that is there, and those of the likeliest at its place, the likeliest first.
public record TokenLogprobs(TokenLogprob token, List<TokenLogprob> top) {
    public TokenLogprobs {
        top = List.copyOf(top);
    }
}
