package org.zebralm.nn;

/// How a fresh parameter starts.
public sealed interface Init {
    /// Normally distributed around 0.
    record Normal(double std) implements Init {}

    /// All ones, as the weights of a norm.
    record Ones() implements Init {}

    /// All zeros, as biases.
    record Zeros() implements Init {}
}
