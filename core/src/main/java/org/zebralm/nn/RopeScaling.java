package org.zebralm.nn;

/// How rotary frequencies are stretched so that a model reaches beyond the positions it was trained on.
///
/// Names and numbers are those of transformers' `modeling_rope_utils.py`.
public sealed interface RopeScaling {
    /// Frequencies as they were trained.
    record None() implements RopeScaling {}

    /// All frequencies divided by `factor` (position interpolation, arXiv 2306.15595).
    record Linear(double factor) implements RopeScaling {
        public Linear {
            requireFactor(factor);
        }
    }

    /// A larger base for sequences longer than `originalPositions`; how much larger follows from their length.
    ///
    /// The length is stated once and for all: keys in a cache would otherwise be rotated by other frequencies than
    /// the queries that come later, and no prefix could be used again.
    ///
    /// @param positions the longest sequence that is meant; up to `originalPositions` nothing is scaled
    record DynamicNtk(double factor, int originalPositions, int positions) implements RopeScaling {
        public DynamicNtk {
            requireFactor(factor);
            requirePositions(originalPositions);
            if (positions < 1) {
                throw new IllegalArgumentException("positions must be at least 1: got " + positions);
            }
        }

        /// Returns the base that a rotation with base `theta` has in its place.
        public double theta(double theta, int headDim) {
            double stretch = factor * Math.max(positions, originalPositions) / originalPositions;
            return theta * Math.pow(stretch - (factor - 1), headDim / (headDim - 2.0));
        }
    }

    /// YaRN (arXiv 2309.00071): high frequencies as they are, low ones interpolated, a ramp between them.
    ///
    /// @param betaFast rotations within `originalPositions` above which a frequency stays
    /// @param betaSlow rotations below which it is divided by `factor`
    /// @param truncate whether the ramp's ends are rounded outwards to whole dimensions
    /// @param attentionFactor what cosines and sines are multiplied with
    record Yarn(
            double factor,
            int originalPositions,
            double betaFast,
            double betaSlow,
            boolean truncate,
            double attentionFactor)
            implements RopeScaling {
        public Yarn {
            requireFactor(factor);
            requirePositions(originalPositions);
            if (!(betaSlow > 0 && betaFast > betaSlow) || Double.isInfinite(betaFast)) {
                throw new IllegalArgumentException(
                        "betaFast must be above betaSlow, and both above 0: got " + betaFast + " and " + betaSlow);
            }
            if (!(attentionFactor > 0) || Double.isInfinite(attentionFactor)) {
                throw new IllegalArgumentException(
                        "attentionFactor must be finite and above 0: got " + attentionFactor);
            }
        }

        /// Makes YaRN with the paper's betas and attention factor, `0.1 ln(factor) + 1`.
        public Yarn(double factor, int originalPositions) {
            this(factor, originalPositions, 32, 1, true, attentionFactor(factor, 1));
        }

        /// Returns the paper's attention factor, its logarithm weighed by `mscale`.
        public static double attentionFactor(double factor, double mscale) {
            return factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1;
        }
    }

    /// Llama 3.1's: as YaRN, with the ramp over wavelengths and no attention factor.
    record Llama3(double factor, double lowFreqFactor, double highFreqFactor, int originalPositions)
            implements RopeScaling {
        public Llama3 {
            requireFactor(factor);
            requirePositions(originalPositions);
            if (!(lowFreqFactor > 0 && highFreqFactor > lowFreqFactor) || Double.isInfinite(highFreqFactor)) {
                throw new IllegalArgumentException("highFreqFactor must be above lowFreqFactor, and both above 0: got "
                        + highFreqFactor + " and " + lowFreqFactor);
            }
        }
    }

    private static void requireFactor(double factor) {
        if (!(factor >= 1) || Double.isInfinite(factor)) {
            throw new IllegalArgumentException("factor must be finite and at least 1: got " + factor);
        }
    }

    private static void requirePositions(int originalPositions) {
        if (originalPositions < 1) {
            throw new IllegalArgumentException("originalPositions must be at least 1: got " + originalPositions);
        }
    }
}
