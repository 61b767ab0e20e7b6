package org.zebralm.generate;

/// What an engine is doing and has done: a snapshot.
///
/// @param running the sequences being computed, `waiting` those that wait
/// @param usedBytes what pages take, `pinnedBytes` those of running sequences; the rest is kept for later prompts
/// @param keptTokens the tokens whose keys are kept
/// @param promptTokens the tokens of all prompts taken up so far; of these `reusedTokens` had been computed before, and
///     `recomputedTokens` were computed for the windows of local layers
/// @param evictions how often something kept gave way
public record EngineStats(
        int running,
        int waiting,
        long budgetBytes,
        long usedBytes,
        long mostUsedBytes,
        long pinnedBytes,
        long keptTokens,
        long promptTokens,
        long reusedTokens,
        long recomputedTokens,
        long generatedTokens,
        long requests,
        long failures,
        long evictions) {
    /// Returns the share of prompt tokens that were not computed, 0 before the first.
    public double reuseShare() {
        return promptTokens == 0 ? 0 : (double) (reusedTokens - recomputedTokens) / promptTokens;
    }
}
