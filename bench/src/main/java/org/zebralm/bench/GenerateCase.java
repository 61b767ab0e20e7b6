package org.zebralm.bench;

/// What a row of [GenerateBench] times, of any system.
///
/// @param depth tokens of the prompt; decoding, tokens that the cache holds before the first step
/// @param tokens what is counted: of the prompt, of the second turn, or written
/// @param concurrency requests under way at a time
public record GenerateCase(GeneratePhase phase, int depth, int tokens, int concurrency) {}
