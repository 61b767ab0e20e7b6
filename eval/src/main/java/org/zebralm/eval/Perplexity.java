package org.zebralm.eval;

import java.util.Arrays;
import java.util.List;

/// How well a model predicts whole documents.
///
/// `meanLoss` is the mean negative log-likelihood of a token in nats, and the perplexity is its exponential.
public record Perplexity(double meanLoss, long numTokens) {

    /// Scores every token of the documents but each one's first, which has nothing before it.
    ///
    /// Documents longer than `length` are cut: each piece is `length` tokens, of which the first is the last of
    /// the piece before, so that every token is scored once, from at most `length - 1` tokens of context.
    ///
    /// @throws IllegalArgumentException if no document has two tokens
    public static Perplexity of(Scorer scorer, List<int[]> documents, int length) {
        if (length < 2) {
            throw new IllegalArgumentException(
                    "length must be at least 2, a token and one to predict from it: got " + length);
        }
        double sum = 0;
        long numTokens = 0;
        for (int[] document : documents) {
            for (int start = 0; start + 1 < document.length; start += length - 1) {
                int[] piece = Arrays.copyOfRange(document, start, Math.min(document.length, start + length));
                for (float loss : scorer.losses(piece.length - 1, piece)) {
                    sum += loss;
                }
                numTokens += piece.length - 1;
            }
        }
        if (numTokens == 0) {
            throw new IllegalArgumentException("perplexity needs a document of at least two tokens: got "
                    + documents.size() + " documents, none that long");
        }
        return new Perplexity(sum / numTokens, numTokens);
    }

    public double perplexity() {
        return Math.exp(meanLoss);
    }
}
