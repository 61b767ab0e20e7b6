package org.zebralm.kernel;

/// Cross entropy of rows of logits, which become their own gradients.
final class CrossEntropyRows {
    private static final float LOG2_E = (float) (1 / Math.log(2));
    private static final double LOG_2 = Math.log(2);

    private final RowView logits;
    private final int[] targets;
    private final float factor;
    private final float zLoss;
    private final int padded;

    CrossEntropyRows(RowView logits, int[] targets, float factor, float zLoss) {
        this.logits = logits;
        this.targets = targets;
        this.factor = factor;
        this.zLoss = zLoss;
        padded = Lanes.padded(logits.width());
        for (int target : targets) {
            if (target >= logits.width()) {
                throw new IllegalArgumentException(
                        "a target must be below the vocabulary's " + logits.width() + ": got " + target);
            }
        }
    }

    int floats() {
        return padded;
    }

    /// Puts each row's loss into `losses`, 0 where its target is ignored.
    void run(int from, int to, double[] losses, float[] w) {
        int width = logits.width();
        for (int t = from; t < to; t++) {
            int target = targets[t];
            if (target < 0) {
                TileSoftmax.fill(w, 0, padded, 0);
                logits.write(w, 0, padded, 1, t, 1, 0);
                continue;
            }
            logits.read(t, 1, 0, w, 0, padded);
            TileSoftmax.fill(w, width, padded - width, TileSoftmax.HIDDEN);
            double wanted = w[target];
            // In units of log 2, as the exponential takes them.
            float most = TileSoftmax.HIDDEN;
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                int n = Math.min(RowSteps.FLOATS, padded - d);
                Rows.multiply(w, d, n, LOG2_E);
                most = Math.max(most, RowSteps.largest(w, d, n));
            }
            double sum = 0;
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                sum += TileSoftmax.exponentials(w, d, Math.min(RowSteps.FLOATS, padded - d), most);
            }
            double logSum = most * LOG_2 + Math.log(sum);
            losses[t] = logSum - wanted;
            // d logSum / d logit = probability, in the cross entropy and, times 2 zLoss logSum, in the z-loss.
            double slope = 1 + 2 * zLoss * logSum;
            float scale = (float) (factor * slope / sum);
            for (int d = 0; d < padded; d += RowSteps.FLOATS) {
                Rows.multiply(w, d, Math.min(RowSteps.FLOATS, padded - d), scale);
            }
            w[target] -= factor;
            logits.write(w, 0, padded, 1, t, 1, 0);
        }
    }
}
