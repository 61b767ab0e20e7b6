package org.zebralm.eval;

import org.zebralm.model.TokenLoss;
import org.zebralm.model.Zebra;

/// What gives tokens their probabilities, as far as perplexity needs to know.
@FunctionalInterface
public interface Scorer {
    /// Returns the negative log-likelihood, in nats, of each of the last `count` of `ids`, given all ids before
    /// it.
    float[] losses(int count, int... ids);

    /// Scores by a model, each sequence seen from its own beginning; refuses one longer than the model's
    /// positions.
    static Scorer of(Zebra model) {
        int maxPositions = model.config().maxPositions();
        return (count, ids) -> {
            if (ids.length > maxPositions) {
                throw new IllegalArgumentException("a sequence to score must fit the model's " + maxPositions
                        + " positions: got " + ids.length + " tokens; choose shorter lengths");
            }
            return TokenLoss.ofLast(model, count, ids);
        };
    }
}
