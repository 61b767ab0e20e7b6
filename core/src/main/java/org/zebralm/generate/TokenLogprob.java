package org.zebralm.generate;

/// The natural logarithm of the probability that the model gave a token.
///
/// @param rank 1 for the likeliest; of equals the lower id comes first
public record TokenLogprob(int id, double logprob, int rank) {}
