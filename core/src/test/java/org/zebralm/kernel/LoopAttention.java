package org.zebralm.kernel;

/// Attention as plain loops in float64: what every kernel is measured against.
///
/// Arrays are `[tokens][heads][width]` in one piece; documents are given by their bounds. Slow, and free of
/// anything a kernel does.
final class LoopAttention {
    final double[] out;
    final double[] logSumExp;
    final double[] dq;
    final double[] dk;
    final double[] dv;
    final double[] dSinks;

    private final int numHeads;
    private final int numKvHeads;
    private final int width;
    private final double scale;
    private final double cap;
    private final double[] sinks;

    /// Computes outputs, and gradients where `dOut` is not empty, of rows from `firstRow` on.
    ///
    /// @param window how many keys a query sees, itself included
    /// @param cap the bound on scores, or infinity
    /// @param sinks a logit per head, or empty
    LoopAttention(
            double[] q,
            double[] k,
            double[] v,
            double[] dOut,
            int numHeads,
            int numKvHeads,
            int width,
            int[] bounds,
            int window,
            double scale,
            double cap,
            double[] sinks,
            int firstRow) {
        this.numHeads = numHeads;
        this.numKvHeads = numKvHeads;
        this.width = width;
        this.scale = scale;
        this.cap = cap;
        this.sinks = sinks;
        int tokens = q.length / numHeads / width;
        out = new double[q.length];
        logSumExp = new double[numHeads * tokens];
        dq = new double[dOut.length];
        dk = new double[dOut.length == 0 ? 0 : k.length];
        dv = new double[dOut.length == 0 ? 0 : k.length];
        dSinks = new double[sinks.length];
        for (int document = 0; document + 1 < bounds.length; document++) {
            for (int i = Math.max(firstRow, bounds[document]); i < bounds[document + 1]; i++) {
                int first = Math.max(bounds[document], (int) Math.max(0L, (long) i - window + 1));
                for (int head = 0; head < numHeads; head++) {
                    row(q, k, v, dOut, i, head, first, tokens);
                }
            }
        }
    }

    private void row(double[] q, double[] k, double[] v, double[] dOut, int i, int head, int first, int tokens) {
        int kvHead = head / (numHeads / numKvHeads);
        int query = (i * numHeads + head) * width;
        double[] p = new double[i - first + 1];
        double[] slope = new double[p.length];
        double max = sinks.length == 0 ? Double.NEGATIVE_INFINITY : sinks[head];
        for (int j = first; j <= i; j++) {
            double score = scale * dot(q, query, k, key(j, kvHead));
            p[j - first] = Double.isInfinite(cap) ? score : cap * Math.tanh(score / cap);
            slope[j - first] = Double.isInfinite(cap) ? 1 : 1 / Math.pow(Math.cosh(score / cap), 2);
            max = Math.max(max, p[j - first]);
        }
        double sum = sinks.length == 0 ? 0 : Math.exp(sinks[head] - max);
        for (int j = 0; j < p.length; j++) {
            p[j] = Math.exp(p[j] - max);
            sum += p[j];
        }
        logSumExp[head * tokens + i] = max + Math.log(sum);
        for (int j = first; j <= i; j++) {
            p[j - first] /= sum;
            for (int d = 0; d < width; d++) {
                out[query + d] += p[j - first] * v[key(j, kvHead) + d];
            }
        }
        if (dOut.length == 0) {
            return;
        }
        double mean = 0;
        double[] dp = new double[p.length];
        for (int j = first; j <= i; j++) {
            dp[j - first] = dot(dOut, query, v, key(j, kvHead));
            mean += p[j - first] * dp[j - first];
        }
        if (sinks.length > 0) {
            dSinks[head] -= Math.exp(sinks[head] - logSumExp[head * tokens + i]) * mean;
        }
        for (int j = first; j <= i; j++) {
            int key = key(j, kvHead);
            double ds = scale * slope[j - first] * p[j - first] * (dp[j - first] - mean);
            for (int d = 0; d < width; d++) {
                dv[key + d] += p[j - first] * dOut[query + d];
                dk[key + d] += ds * q[query + d];
                dq[query + d] += ds * k[key + d];
            }
        }
    }

    private int key(int j, int kvHead) {
        return (j * numKvHeads + kvHead) * width;
    }

    private double dot(double[] a, int aFrom, double[] b, int bFrom) {
        double sum = 0;
        for (int d = 0; d < width; d++) {
            sum += a[aFrom + d] * b[bFrom + d];
        }
        return sum;
    }
}
