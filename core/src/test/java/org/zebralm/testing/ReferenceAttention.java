package org.zebralm.testing;

/// Causal grouped-query attention in float64 loops: the definition, one pair at a time.
///
/// Queries and outputs are `[tokens][numHeads][headDim]`, keys and values `[tokens][numKvHeads][headDim]`, all
/// flat. `window` counts the query's own key; 0 means that every earlier key is seen. Knows nothing of the code
/// it judges.
@SuppressWarnings("ArrayRecordComponent") // results are read, never compared
public record ReferenceAttention(int numHeads, int numKvHeads, int headDim, double scale, int window) {

    /// The output, and the log-sum-exp of the scaled scores as `[numHeads][tokens]`.
    public record Output(double[] out, double[] logSumExp) {}

    public record Gradients(double[] dq, double[] dk, double[] dv) {}

    /// Attends within packed documents, `bounds` being `[0, l0, l0 + l1, ..]`.
    public Output forward(double[] q, double[] k, double[] v, int... bounds) {
        int tokens = bounds[bounds.length - 1];
        Output output = new Output(new double[q.length], new double[numHeads * tokens]);
        for (int document = 0; document + 1 < bounds.length; document++) {
            for (int t = bounds[document]; t < bounds[document + 1]; t++) {
                attend(q, k, v, t, t, bounds[document], output, tokens);
            }
        }
        return output;
    }

    /// Attends from the last queries of one sequence, whose keys are all given: the first query stands at
    /// `position`.
    public Output forwardFrom(int position, double[] q, double[] k, double[] v) {
        int rows = q.length / (numHeads * headDim);
        Output output = new Output(new double[q.length], new double[numHeads * rows]);
        for (int row = 0; row < rows; row++) {
            attend(q, k, v, row, position + row, 0, output, rows);
        }
        return output;
    }

    /// Returns the gradients of `sum(dOut * out)`.
    public Gradients backward(double[] q, double[] k, double[] v, double[] dOut, int... bounds) {
        Gradients gradients = new Gradients(new double[q.length], new double[k.length], new double[v.length]);
        for (int document = 0; document + 1 < bounds.length; document++) {
            for (int t = bounds[document]; t < bounds[document + 1]; t++) {
                for (int head = 0; head < numHeads; head++) {
                    backward(q, k, v, dOut, t, head, bounds[document], gradients);
                }
            }
        }
        return gradients;
    }

    private void attend(
            double[] q, double[] k, double[] v, int row, int keyRow, int firstRow, Output output, int numRows) {
        for (int head = 0; head < numHeads; head++) {
            int first = firstVisible(keyRow, firstRow);
            double[] scores = scores(q, k, row, keyRow, first, head);
            double logSumExp = logSumExp(scores);
            output.logSumExp[head * numRows + row] = logSumExp;
            for (int j = 0; j < scores.length; j++) {
                double p = Math.exp(scores[j] - logSumExp);
                for (int h = 0; h < headDim; h++) {
                    output.out[query(row, head) + h] += p * v[key(first + j, head) + h];
                }
            }
        }
    }

    private void backward(
            double[] q, double[] k, double[] v, double[] dOut, int row, int head, int firstRow, Gradients gradients) {
        int first = firstVisible(row, firstRow);
        double[] scores = scores(q, k, row, row, first, head);
        double logSumExp = logSumExp(scores);
        double[] p = new double[scores.length];
        double[] dp = new double[scores.length];
        double weighted = 0;
        for (int j = 0; j < scores.length; j++) {
            p[j] = Math.exp(scores[j] - logSumExp);
            for (int h = 0; h < headDim; h++) {
                double d = dOut[query(row, head) + h];
                dp[j] += d * v[key(first + j, head) + h];
                gradients.dv[key(first + j, head) + h] += p[j] * d;
            }
            weighted += p[j] * dp[j];
        }
        for (int j = 0; j < scores.length; j++) {
            double ds = p[j] * (dp[j] - weighted) * scale;
            for (int h = 0; h < headDim; h++) {
                gradients.dq[query(row, head) + h] += ds * k[key(first + j, head) + h];
                gradients.dk[key(first + j, head) + h] += ds * q[query(row, head) + h];
            }
        }
    }

    private double[] scores(double[] q, double[] k, int row, int keyRow, int first, int head) {
        double[] scores = new double[keyRow - first + 1];
        for (int j = 0; j < scores.length; j++) {
            for (int h = 0; h < headDim; h++) {
                scores[j] += scale * q[query(row, head) + h] * k[key(first + j, head) + h];
            }
        }
        return scores;
    }

    private int firstVisible(int keyRow, int firstRow) {
        return window == 0 ? firstRow : Math.max(firstRow, keyRow - window + 1);
    }

    private int query(int row, int head) {
        return (row * numHeads + head) * headDim;
    }

    private int key(int row, int head) {
        return (row * numKvHeads + head / (numHeads / numKvHeads)) * headDim;
    }

    static double logSumExp(double[] scores) {
        double max = Double.NEGATIVE_INFINITY;
        for (double score : scores) {
            max = Math.max(max, score);
        }
        double sum = 0;
        for (double score : scores) {
            sum += Math.exp(score - max);
        }
        return max + Math.log(sum);
    }
}
