package org.zebralm.model;

/// The experts of a feed-forward part: how many there are, and how many a token is sent to.
public record Experts(int count, int perToken) {
    public Experts {
        if (perToken < 1 || perToken > count) {
            throw new IllegalArgumentException(
                    "experts per token must be from 1 to their number: got " + perToken + " of " + count);
        }
    }
}
