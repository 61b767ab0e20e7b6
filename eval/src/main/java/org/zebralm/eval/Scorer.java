package org.zebralm.eval;

import org.zebralm.model.TokenLoss;
import org.zebralm.model.Zebra;

/// What gives tokens their probabilities, as far as perplexity needs to know.
@FunctionalInterface
public interface Scorer {
    /// Returns the negative log-likelihood, in nats, of each of the last `count` of `ids`, given all ids before
    /// it.
    float[] losses(int count, int... ids);

    /// Returns a scorer that puts tokens in place of as many first ones of each sequence, so that its length stays: the
    /// bos that a model has seen at the beginning of every text.
    default Scorer beginning(int... tokens) {
        return (count, ids) -> {
            if (ids.length - count < tokens.length) {
                throw new IllegalArgumentException("a sequence to score must have more than the " + count
                        + " tokens scored and " + tokens.length + " at its beginning: got " + ids.length);
            }
            int[] begun = ids.clone();
            System.arraycopy(tokens, 0, begun, 0, tokens.length);
            return losses(count, begun);
        };
    }

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
