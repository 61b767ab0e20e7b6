package org.zebralm.kernel;

/// What all tasks of one forward call share.
///
/// @param logSumExp the address of a contiguous `[N, T]` tensor of float32
/// @param group query heads per key-value head
/// @param padded the head width rounded up to [Lanes#padded]
/// @param scoreFactor the spec's scale over log 2
record ForwardCall(
        RowView queries,
        RowView out,
        long logSumExp,
        int window,
        int group,
        int padded,
        float scoreFactor,
        Partials partials) {
    private static final double LN_2 = Math.log(2);

    int width() {
        return queries.width();
    }

    /// Writes a row's natural log-sum-exp, given its maximum in units of log 2 and its sum.
    void writeLogSumExp(int row, int head, float maximum, double sum) {
        long index = (long) head * queries.tokens() + row;
        Rows.write(logSumExp + 4 * index, (float) (maximum * LN_2 + Math.log(sum)));
    }
}
