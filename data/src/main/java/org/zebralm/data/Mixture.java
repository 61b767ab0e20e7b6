package org.zebralm.data;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The sources a run reads and how much of each; all were made with one tokenizer.
///
/// The shards belong to whoever opened them and must stay open as long as the mixture is read.
///
/// @param sources each with a document to train on
public record Mixture(List<MixtureSource> sources) {

    /// Below this a source would come once in days.
    private static final double MIN_SHARE = 1e-6;

    public Mixture {
        sources = List.copyOf(sources);
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("a mixture needs at least one source: got none");
        }
        double weights = sources.stream().mapToDouble(MixtureSource::weight).sum();
        for (MixtureSource source : sources) {
            if (source.numDocuments() == 0) {
                throw new IllegalArgumentException(
                        "a source must have documents: " + source.name() + " has none; give it text or leave it out");
            }
            if (source.weight() / weights < MIN_SHARE) {
                throw new IllegalArgumentException("a source's weight must be at least a millionth of all weights: got "
                        + source.weight() + " of " + weights + " for " + source.name() + "; leave it out");
            }
        }
        requireOneTokenizer(sources);
    }

    /// All documents of some shards, each as often as any other.
    public static Mixture of(String name, List<TokenShard> shards) {
        return new Mixture(List.of(MixtureSource.of(name, shards)));
    }

    private static void requireOneTokenizer(List<MixtureSource> sources) {
        @Nullable TokenShard first = null;
        String firstName = "";
        for (MixtureSource source : sources) {
            for (TokenShard shard : source.shards()) {
                if (first == null) {
                    first = shard;
                    firstName = source.name();
                } else if (!shard.fingerprint().equals(first.fingerprint()) || shard.endOfText() != first.endOfText()) {
                    throw new IllegalArgumentException("all sources of a mixture must be made with one tokenizer and "
                            + "end-of-text id: " + firstName + " (" + first.path() + ") has SHA-256 "
                            + first.fingerprint() + " and " + first.endOfText() + ", " + source.name() + " ("
                            + shard.path() + ") has " + shard.fingerprint() + " and " + shard.endOfText()
                            + "; prepare one of them again with the other's tokenizer");
                }
            }
        }
    }

    /// The number of tokens of all sources, each counted once.
    public long numTokens() {
        return sources.stream().mapToLong(MixtureSource::numTokens).sum();
    }

    /// The number of documents of all sources, each counted once.
    public long numDocuments() {
        return sources.stream().mapToLong(MixtureSource::numDocuments).sum();
    }

    /// The id that ends each document.
    public int endOfText() {
        return sources.getFirst().shards().getFirst().endOfText();
    }

    /// The document with the most tokens.
    public LongestDocument longestDocument() {
        @Nullable LongestDocument longest = null;
        for (MixtureSource source : sources) {
            for (TokenShard shard : source.shards()) {
                for (int document = 0; document < shard.numDocuments(); document++) {
                    long tokens = shard.documentLength(document);
                    if (longest == null || tokens > longest.tokens()) {
                        longest = new LongestDocument(shard, document, tokens);
                    }
                }
            }
        }
        return Objects.requireNonNull(longest, "each source has a document");
    }

    /// Refuses shards that may hold ids a model has no embedding for; a look at their headers.
    public void requireVocabulary(int vocabSize) {
        for (MixtureSource source : sources) {
            for (TokenShard shard : source.shards()) {
                if (shard.vocabSize() > vocabSize) {
                    throw new IllegalArgumentException("token ids must be below the model's vocabSize of " + vocabSize
                            + ": " + shard.path() + " of " + source.name() + " has ids up to "
                            + (shard.vocabSize() - 1) + "; give the model the tokenizer's vocabulary");
                }
            }
        }
    }

    /// Says why training on a context is pointless beyond the longest document, since no token attends across
    /// documents; null where it is not.
    public @Nullable String warningFor(int contextLength) {
        LongestDocument longest = longestDocument();
        return longest.tokens() >= contextLength
                ? null
                : "no document fills the context of %d tokens: the longest, document %d of %s, has %d, and no token sees beyond its document; lower contextLength or add longer documents"
                        .formatted(
                                contextLength,
                                longest.document(),
                                longest.shard().path(),
                                longest.tokens());
    }

    /// Which document is the longest.
    ///
    /// @param document its number in the shard, from 0
    /// @param tokens the end-of-text id included
    public record LongestDocument(TokenShard shard, int document, long tokens) {}
}
