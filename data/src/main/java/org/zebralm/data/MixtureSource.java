package org.zebralm.data;

import java.util.List;

/// A part of a [Mixture]: shards, and how much is read of them.
///
/// @param name what errors call it
/// @param shards open shards of one tokenizer, some of which may be empty
/// @param weight its share of the tokens read, against the other sources' weights
/// @param strata ascending; none means that each document comes as often as any other
public record MixtureSource(String name, List<TokenShard> shards, double weight, List<LengthStratum> strata) {

    public MixtureSource {
        shards = List.copyOf(shards);
        strata = List.copyOf(strata);
        requireWeight(name, weight);
        LengthStratum.requireAscending(strata);
    }

    /// Refuses a weight that is not above 0 and finite.
    public static void requireWeight(String name, double weight) {
        if (!(weight > 0 && weight < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "a source's weight must be above 0 and finite: got " + weight + " for " + name);
        }
    }

    /// A source whose documents all come equally often.
    public static MixtureSource of(String name, List<TokenShard> shards) {
        return new MixtureSource(name, shards, 1, List.of());
    }

    /// The number of tokens, the end-of-text ids included.
    public long numTokens() {
        return shards.stream().mapToLong(TokenShard::numTokens).sum();
    }

    /// The number of documents.
    public long numDocuments() {
        return shards.stream().mapToLong(TokenShard::numDocuments).sum();
    }
}
