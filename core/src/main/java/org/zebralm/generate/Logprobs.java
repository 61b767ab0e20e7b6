package org.zebralm.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Log-probabilities of tokens under the model's own distribution: no temperature, no limit, no penalty.
///
/// As OpenAI and vLLM report them; sums are float64. Not for use by several threads.
public final class Logprobs {
    private final int numTop;
    private final LogitSelection selection = new LogitSelection();
    private long[] keys = new long[0];

    /// Reports the `numTop` likeliest beside each token.
    public Logprobs(int numTop) {
        if (numTop < 0) {
            throw new IllegalArgumentException("numTop must not be negative: got " + numTop);
        }
        this.numTop = numTop;
    }

    /// Returns the log-probabilities of a prompt's tokens from the second on.
    ///
    /// @param logits rows of `vocabSize`, each of what follows a token
    /// @param nextIds the token that did follow, one for each row
    public List<TokenLogprobs> ofRows(float[] logits, int vocabSize, int... nextIds) {
        if (logits.length != (long) vocabSize * nextIds.length) {
            throw new IllegalArgumentException(
                    "logits must have a row of %d for each token: got %d numbers and %d tokens"
                            .formatted(vocabSize, logits.length, nextIds.length));
        }
        List<TokenLogprobs> all = new ArrayList<>(nextIds.length);
        for (int row = 0; row < nextIds.length; row++) {
            all.add(of(logits, row * vocabSize, (row + 1) * vocabSize, nextIds[row]));
        }
        return all;
    }

    /// Returns the log-probability of a token under the row `logits[from..to)`.
    ///
    /// @throws IllegalArgumentException if a logit is NaN or plus infinity, or all are minus infinity
    public TokenLogprobs of(float[] logits, int from, int to, int id) {
        float logit = logits[from + id];
        float max = Float.NEGATIVE_INFINITY;
        int rank = 1;
        for (int i = from; i < to; i++) {
            max = Math.max(max, logits[i]);
            boolean isBefore = logits[i] > logit || (logits[i] == logit && i < from + id);
            rank += isBefore ? 1 : 0;
        }
        double logSum = logSumExp(logits, from, to, max);
        TokenLogprob token = new TokenLogprob(id, logprob(logit, max, logSum), rank);
        return new TokenLogprobs(token, top(logits, from, to, max, logSum));
    }

    private List<TokenLogprob> top(float[] logits, int from, int to, float max, double logSum) {
        int count = Math.min(numTop, to - from);
        if (count == 0) {
            return List.of();
        }
        float least = selection.nthLargest(logits, from, to, count);
        int size = 0;
        for (int i = from; i < to; i++) {
            if (logits[i] >= least) {
                if (size == keys.length) {
                    keys = Arrays.copyOf(keys, 2 * size + count);
                }
                // The first bit flipped, since longs are sorted with their sign.
                keys[size++] =
                        (long) (LogitSelection.descending(logits[i]) ^ Integer.MIN_VALUE) << Integer.SIZE | i - from;
            }
        }
        Arrays.sort(keys, 0, size);
        List<TokenLogprob> top = new ArrayList<>(count);
        for (int rank = 1; rank <= count; rank++) {
            int id = (int) keys[rank - 1];
            top.add(new TokenLogprob(id, logprob(logits[from + id], max, logSum), rank));
        }
        return top;
    }

    /// The largest is taken off first: beside large logits the logarithm of the sum would be lost.
    private static double logprob(float logit, float max, double logSum) {
        return (double) logit - max - logSum;
    }

    /// Returns the logarithm of the sum of exponentials, less the largest logit.
    private static double logSumExp(float[] logits, int from, int to, float max) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += Math.exp((double) logits[i] - max);
        }
        if (!Double.isFinite(sum)) {
            throw new IllegalArgumentException(
                    "logits must be below infinity, and one above minus infinity: the largest is " + max
                            + "; the weights or the numbers they were computed in have overflowed");
        }
        return Math.log(sum);
    }
}
