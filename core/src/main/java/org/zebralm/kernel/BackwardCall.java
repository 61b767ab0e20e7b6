package org.zebralm.kernel;

/// What all tasks of one backward call share.
///
/// @param logSumExp the address of a contiguous `[N, T]` tensor of float32, natural
/// @param run the packed documents
/// @param group query heads per key-value head
/// @param padded the head width rounded up to [Lanes#padded]
/// @param scoreFactor what queries are multiplied by, see [ScoreUnits]
/// @param cap the bound on scores in units of log 2, or 0 for none
/// @param halos the keys' gradients that more than one task adds to
record BackwardCall(
        RowView queries,
        RowView out,
        RowView dOut,
        long logSumExp,
        KeyRun run,
        RowView dQueries,
        RowView dKeys,
        RowView dValues,
        int window,
        int group,
        int padded,
        double scale,
        float scoreFactor,
        float cap,
        SinkLogits sinks,
        Halos halos) {
    boolean isCapped() {
        return cap > 0;
    }

    /// Returns the head width in panels of 64 columns.
    int panels() {
        return (padded + 63) / 64;
    }

    /// Returns a row's log-sum-exp in units of log 2.
    float logSumExp(int row, int head) {
        return ScoreUnits.log2(Rows.read(logSumExp + 4 * ((long) head * queries.tokens() + row)));
    }
}
