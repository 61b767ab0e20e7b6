package org.zebralm.nn;

/// How a layer knows positions.
public sealed interface RopeConfig {
    /// Queries and keys are left as they are (NoPE, arXiv 2305.19466).
    record None() implements RopeConfig {}

    /// Queries and keys are rotated (arXiv 2104.09864).
    ///
    /// @param theta the base of the frequencies
    record Rotary(double theta, RopeScaling scaling) implements RopeConfig {
        public Rotary {
            if (!(theta > 1) || Double.isInfinite(theta)) {
                throw new IllegalArgumentException("ropeTheta must be finite and above 1: got " + theta);
            }
        }
    }

    /// Returns the usual rotation.
    static RopeConfig of(double theta) {
        return new Rotary(theta, new RopeScaling.None());
    }
}
