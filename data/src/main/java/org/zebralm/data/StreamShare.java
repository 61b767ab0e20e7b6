package org.zebralm.data;

import java.util.ArrayList;
import java.util.List;

/// A stream of a mixture, and its share of the tokens read: a source has one for each of its strata.
record StreamShare(DocumentStream stream, double share) {

    /// The streams of a mixture; the shares add up to 1.
    static List<StreamShare> of(Mixture mixture, long seed) {
        double weights =
                mixture.sources().stream().mapToDouble(MixtureSource::weight).sum();
        List<StreamShare> shares = new ArrayList<>();
        for (MixtureSource source : mixture.sources()) {
            List<StreamShare> strata = strata(source, seed, shares.size());
            double tokens = strata.stream().mapToDouble(StreamShare::share).sum();
            if (tokens == 0) {
                throw new IllegalArgumentException("a source's strata must leave it documents: " + source.name()
                        + " has " + source.numDocuments() + ", and " + source.strata() + " leave none");
            }
            for (StreamShare stratum : strata) {
                double share = stratum.share() / tokens * source.weight() / weights;
                shares.add(new StreamShare(stratum.stream(), share));
            }
        }
        return shares;
    }

    /// The streams of a source, each with the tokens it shows while a document of factor 1 comes once.
    private static List<StreamShare> strata(MixtureSource source, long seed, int firstId) {
        List<LengthStratum> strata = new ArrayList<>(source.strata());
        if (strata.isEmpty() || strata.getFirst().minTokens() > 0) {
            strata.addFirst(new LengthStratum(0, 1));
        }
        List<StreamShare> streams = new ArrayList<>();
        for (int i = 0; i < strata.size(); i++) {
            LengthStratum stratum = strata.get(i);
            long below = i + 1 < strata.size() ? strata.get(i + 1).minTokens() : Long.MAX_VALUE;
            if (stratum.factor() > 0) {
                int id = firstId + streams.size();
                var stream = new DocumentStream(source.shards(), stratum.minTokens(), below, seed, id);
                if (stream.numTokens() > 0) {
                    streams.add(new StreamShare(stream, stratum.factor() * stream.numTokens()));
                }
            }
        }
        return streams;
    }
}
