package org.zebralm.bench;

/// What one repetition of a [GenerateCase] took.
///
/// @param seconds that the case's tokens are divided by
/// @param firstTokenSeconds from submission to the first token; of several requests the median
/// @param decodeTokensPerSecond while no prompt was computed; NaN where the case does not decode
/// @param reusedTokens of all prompts together that were in the cache
/// @param recomputedTokens of those that were computed again for the windows of local layers
/// @param readGigabytesPerSecond what the machine read just before, and NaN where memory is not the bound
public record GenerateSample(
        double seconds,
        double firstTokenSeconds,
        double decodeTokensPerSecond,
        long reusedTokens,
        long recomputedTokens,
        double readGigabytesPerSecond) {
    GenerateSample withRead(double gigabytesPerSecond) {
        return new GenerateSample(
                seconds, firstTokenSeconds, decodeTokensPerSecond, reusedTokens, recomputedTokens, gigabytesPerSecond);
    }
}
