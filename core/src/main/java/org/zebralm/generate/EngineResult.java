package org.zebralm.generate;

import org.zebralm.cache.PrefixUse;

/// What became of one output of a request.
///
/// @param generation the tokens and text; its prefill time is that from the moment the request was taken up
/// @param prefix what of the prompt was reused, and why no more
/// @param waitedSeconds how long the request waited before it was taken up
public record EngineResult(Generation generation, PrefixUse prefix, double waitedSeconds) {}
