package org.zebralm.kernel;

/// What all tasks of one forward call share.
///
/// @param logSumExp the address of a contiguous `[N, T]` tensor of float32
/// @param group query heads per key-value head
/// @param padded the head width rounded up to [Lanes#padded]
/// @param scoreFactor what queries are multiplied by, see [ScoreUnits]
/// @param cap the bound on scores in units of log 2, or 0 for none
record ForwardCall(
        RowView queries,
        RowView out,
        long logSumExp,
        int window,
        int group,
        int padded,
        float scoreFactor,
        float cap,
        SinkLogits sinks,
        Partials partials) {
    private static final double LN_2 = Math.log(2);

    boolean isCapped() {
        return cap > 0;
    }

    /// Sets the running maximum and sum of a row before its first key: nothing, or its sink, which belongs to
    /// the first piece of the keys.
    void begin(float[] w, int head, int piece, int maximum, int sum) {
        boolean sink = sinks.any() && piece == 0;
        w[maximum] = sink ? sinks.logit(head) : TileSoftmax.HIDDEN;
        w[sum] = sink ? 1 : 0;
    }

    int width() {
        return queries.width();
    }

    /// Writes a row's natural log-sum-exp, given its maximum in units of log 2 and its sum.
    void writeLogSumExp(int row, int head, float maximum, double sum) {
        long index = (long) head * queries.tokens() + row;
        Rows.write(logSumExp + 4 * index, (float) (maximum * LN_2 + Math.log(sum)));
    }
}
