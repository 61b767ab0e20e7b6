package org.zebralm.train;

import java.util.List;

/// How well held-out text is predicted.
///
/// @param loss mean negative log-likelihood of a token, in nats; NaN without any
/// @param byPosition the same by what a token has before it, ascending, ranges without tokens left out
public record Validation(double loss, List<Range> byPosition) {
    /// The tokens that have from `from` up to, not including, `to` tokens of their document before them within
    /// the context; the input at which one is predicted counts from 0.
    ///
    /// @param loss their mean loss, in nats
    public record Range(int from, int to, double loss, long tokens) {
        public double perplexity() {
            return Math.exp(loss);
        }

        /// Returns the positions as they are written, both ends included: `256-511`.
        public String label() {
            return from + "-" + (to - 1);
        }
    }

    public Validation {
        byPosition = List.copyOf(byPosition);
    }

    public double perplexity() {
        return Math.exp(loss);
    }
}
