package org.zebralm.eval;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What a longer context is worth: the same tokens scored with more and more before them.
///
/// A window is a stretch of a document as long as the greatest context length, and its last `targets` tokens
/// are what is scored. At context length `L` the model is given exactly the last `L` tokens of the window,
/// targets included: the first target has `L - targets` tokens before it and the last has `L - 1`, and every
/// `L` up to the model's positions can be measured. The lengths differ in nothing but how far back they begin. Nothing
/// is put in front; [Scorer#beginning] puts a bos in place of the first token.
///
/// Windows are disjoint. They are taken from the beginnings of all documents first, then from their second
/// stretches, and so on, so that one long document does not stand for all; the choice depends on the documents'
/// lengths and order alone.
public record PerplexityByLength(int numWindows, int targets, List<Row> rows) {
    public PerplexityByLength {
        rows = List.copyOf(rows);
    }

    /// One context length: the mean loss of a token in nats over all windows, and the standard error of that
    /// mean.
    ///
    /// The error is that of independent windows, from the spread of their means (the tokens of one are anything
    /// but independent); NaN with one window. The rows' errors are those of harder and easier texts, which all
    /// rows share: the difference between two rows is known better than either.
    public record Row(int length, double meanLoss, double standardError, long numTokens) {
        public double perplexity() {
            return Math.exp(meanLoss);
        }
    }

    /// Measures at each of the `lengths`, over at most `maxWindows` windows.
    ///
    /// @throws IllegalArgumentException if a length leaves no context, or no document is long enough
    public static PerplexityByLength measure(
            Scorer scorer, List<int[]> documents, List<Integer> lengths, int targets, int maxWindows) {
        int longest = check(lengths, targets, maxWindows);
        List<int[]> windows = windows(documents, longest, maxWindows);
        List<Row> rows = new ArrayList<>(lengths.size());
        for (int length : lengths) {
            double[] means = new double[windows.size()];
            for (int i = 0; i < means.length; i++) {
                int[] ids = Arrays.copyOfRange(windows.get(i), longest - length, longest);
                means[i] = mean(scorer.losses(targets, ids));
            }
            rows.add(row(length, targets, means));
        }
        return new PerplexityByLength(windows.size(), targets, rows);
    }

    private static int check(List<Integer> lengths, int targets, int maxWindows) {
        if (lengths.isEmpty() || targets < 1 || maxWindows < 1) {
            throw new IllegalArgumentException("at least one length, target and window are needed: got lengths "
                    + lengths + ", " + targets + " targets, " + maxWindows + " windows");
        }
        for (int length : lengths) {
            if (length <= targets) {
                throw new IllegalArgumentException("a context length holds the targets and something before them: got "
                        + length + " with " + targets + " targets");
            }
        }
        return lengths.stream().mapToInt(Integer::intValue).max().getAsInt();
    }

    /// Returns the windows, each `length` tokens, at most `maxWindows`.
    static List<int[]> windows(List<int[]> documents, int length, int maxWindows) {
        int longest =
                documents.stream().mapToInt(document -> document.length).max().orElse(0);
        if (longest < length) {
            throw new IllegalArgumentException("a document of at least " + length + " tokens is needed: the longest of "
                    + documents.size() + " has " + longest + "; give longer documents or a shorter greatest length");
        }
        List<int[]> windows = new ArrayList<>();
        for (int stretch = 0; stretch < longest / length; stretch++) {
            for (int[] document : documents) {
                int start = stretch * length;
                if (start + length <= document.length) {
                    windows.add(Arrays.copyOfRange(document, start, start + length));
                    if (windows.size() == maxWindows) {
                        return windows;
                    }
                }
            }
        }
        return windows;
    }

    private static Row row(int length, int targets, double[] means) {
        double mean = Arrays.stream(means).average().getAsDouble();
        double squares = Arrays.stream(means).map(m -> (m - mean) * (m - mean)).sum();
        int n = means.length;
        double standardError = n == 1 ? Double.NaN : Math.sqrt(squares / (n - 1) / n);
        return new Row(length, mean, standardError, (long) n * targets);
    }

    private static double mean(float... losses) {
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return sum / losses.length;
    }
}
