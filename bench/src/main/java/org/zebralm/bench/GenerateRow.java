package org.zebralm.bench;

import java.util.List;
import java.util.function.ToDoubleFunction;

/// What came of one case with one system.
public sealed interface GenerateRow {
    GenerateSystem system();

    GenerateCase timed();

    /// A row that was timed.
    ///
    /// @param work floating-point operations of a prefill, or bytes read for a token midway in decoding; else NaN
    /// @param firstTurnSeconds to the first token of a second turn's first; else NaN
    /// @param repeats wanted; there may be fewer samples
    record Measured(
            GenerateSystem system,
            GenerateCase timed,
            List<GenerateSample> samples,
            double work,
            double firstTurnSeconds,
            int repeats)
            implements GenerateRow {
        public Measured {
            samples = List.copyOf(samples);
        }

        private double median(ToDoubleFunction<GenerateSample> value) {
            return Median.of(samples.stream().mapToDouble(value).toArray());
        }

        /// Returns the seconds of a repetition, the median.
        public double seconds() {
            return median(GenerateSample::seconds);
        }

        public double tokensPerSecond() {
            return timed.tokens() / seconds();
        }

        public double firstTokenSeconds() {
            return median(GenerateSample::firstTokenSeconds);
        }

        public double decodeTokensPerSecond() {
            return median(GenerateSample::decodeTokensPerSecond);
        }

        public double readGigabytesPerSecond() {
            return median(GenerateSample::readGigabytesPerSecond);
        }

        /// Returns the share of what memory gave during the row that the bytes of its tokens are; NaN but for
        /// decoding.
        public double bandwidthShare() {
            return timed.phase() == GeneratePhase.DECODE
                    ? tokensPerSecond() * work / 1e9 / readGigabytesPerSecond()
                    : Double.NaN;
        }

        /// Returns how far the slowest repetition is from the quickest, as a share of the median.
        public double spread() {
            double slowest =
                    samples.stream().mapToDouble(GenerateSample::seconds).max().orElseThrow();
            double quickest =
                    samples.stream().mapToDouble(GenerateSample::seconds).min().orElseThrow();
            return (slowest - quickest) / seconds();
        }
    }

    /// A row that was left out: with what comes before it, a repetition would take about this long.
    record Skipped(GenerateSystem system, GenerateCase timed, double expectedSeconds) implements GenerateRow {}
}
