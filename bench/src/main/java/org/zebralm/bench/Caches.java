package org.zebralm.bench;

/// How many caches a decoding benchmark reads in turn, as a model's layers do.
///
/// Repeated on one cache, a benchmark reports the speed of the processor's last-level cache instead of the
/// memory's.
final class Caches {
    /// More than last-level caches hold, of one implementation's caches together.
    private static final long BYTES = 512L << 20;
    /// Caches of a few keys are no work for the memory anyway; this keeps their number, and their pages, in
    /// bounds.
    private static final int MOST = 512;

    private Caches() {}

    static int count(AttentionCase decode) {
        long each = decode.keyValueBytes();
        return Math.clamp((BYTES + each - 1) / each, 2, MOST);
    }
}
