package org.zebralm.kernel;

/// Scores in units of log 2, so that the exponential is a power of two.
///
/// Queries are multiplied by a factor once instead of every score. Where scores are bounded the factor makes
/// them what tanh takes, and the bound brings them to units of log 2.
final class ScoreUnits {
    private static final double LOG2_E = 1 / Math.log(2);

    private ScoreUnits() {}

    /// Returns what queries are multiplied by.
    static float factor(AttentionSpec spec) {
        return (float) (spec.isCapped() ? spec.scale() / spec.softCap() : spec.scale() * LOG2_E);
    }

    /// Returns the bound on scores, or 0 for none.
    static float cap(AttentionSpec spec) {
        return (float) (spec.isCapped() ? spec.softCap() * LOG2_E : 0);
    }

    /// Returns a natural logarithm as one to the base 2.
    static float log2(float natural) {
        return (float) (natural * LOG2_E);
    }
}
