package org.zebralm.kernel;

/// What all tasks of one backward call share.
///
/// @param logSumExp the address of a contiguous `[N, T]` tensor of float32, natural
/// @param run the packed documents
/// @param group query heads per key-value head
/// @param padded the head width rounded up to [Lanes#padded]
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
        Halos halos) {
    static final double LOG2_E = 1 / Math.log(2);

    /// Returns the head width in panels of 64 columns.
    int panels() {
        return (padded + 63) / 64;
    }

    float scoreFactor() {
        return (float) (scale * LOG2_E);
    }

    float logSumExp(int row, int head) {
        return (float) (Rows.read(logSumExp + 4 * ((long) head * queries.tokens() + row)) * LOG2_E);
    }
}
