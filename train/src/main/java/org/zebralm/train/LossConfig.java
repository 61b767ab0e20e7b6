package org.zebralm.train;

/// What a run minimises: the mean over its targets of cross entropy and `zLoss * (log sum exp logits)^2`.
///
/// The second term (arXiv 2204.02311, section 5) keeps logits from drifting; losses are reported without it.
///
/// @param chunk tokens whose logits exist at a time
/// @param zLoss the factor of the second term, 0 for none; 1e-4 is usual
public record LossConfig(int chunk, double zLoss) {
    public LossConfig {
        Bounds.atLeast("chunk", chunk, 1);
        Bounds.notNegative("zLoss", zLoss);
    }

    public static LossConfig defaults() {
        return new LossConfig(1024, 0);
    }
}
