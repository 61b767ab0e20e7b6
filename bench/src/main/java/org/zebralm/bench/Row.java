package org.zebralm.bench;

/// What came of one case with one implementation.
public sealed interface Row {
    AttentionCase attention();

    Implementation implementation();

    /// A row that was timed.
    ///
    /// @param seconds of a call, the median of the repetitions
    /// @param bestSeconds of a call, the least of the repetitions
    /// @param repeats repetitions
    /// @param calls calls of a repetition, of which it is the mean
    /// @param readGigabytesPerSecond what the machine read between the repetitions, the median; NaN where the pass
    /// is not bound by memory
    record Measured(
            AttentionCase attention,
            Implementation implementation,
            double seconds,
            double bestSeconds,
            int repeats,
            int calls,
            double readGigabytesPerSecond)
            implements Row {
        /// Returns 1e9 floating-point operations a second, over the pairs attended to.
        public double gflops() {
            return attention.flops() / seconds / 1e9;
        }

        /// Returns 1e9 bytes of keys and values a second: the measure of decoding, which memory bounds.
        public double gigabytesPerSecond() {
            return attention.keyValueBytes() / seconds / 1e9;
        }
    }

    /// A row that was left out, and why.
    record Skipped(AttentionCase attention, Implementation implementation, Reason reason) implements Row {}

    /// Why a row is left out.
    sealed interface Reason {}

    /// One call would take about this long, by what shorter lengths took.
    record TooSlow(double seconds) implements Reason {}

    /// libtorch knows no window, and the mask that says it would take this much memory.
    record MaskTooLarge(long bytes) implements Reason {}
}
