package org.zebralm.cli;

import org.jspecify.annotations.Nullable;
import org.zebralm.generate.EngineConfig;
import org.zebralm.tensor.DType;
import picocli.CommandLine.Option;

/// The memory in which a verb's engine keeps keys and values.
final class CacheOptions {
    @Option(
            names = "--cache-bytes",
            paramLabel = "SIZE",
            converter = ByteCount.class,
            description = "Most memory for keys and values, such as 800m or 2g (default: half of what is free).")
    private @Nullable Long cacheBytes;

    @Option(
            names = "--cache-dtype",
            paramLabel = "TYPE",
            description = "What keys and values are stored as: the model's own type (default), or int8.")
    private @Nullable String cacheDType;

    /// Puts them where an engine is set up.
    ///
    /// @throws IllegalArgumentException if one of them has a value that is none
    EngineConfig.Builder into(EngineConfig.Builder engine) {
        if (cacheBytes != null) {
            if (cacheBytes == 0) {
                throw new IllegalArgumentException("--cache-bytes must be above 0: got 0");
            }
            engine.cacheBytes(cacheBytes);
        }
        if (cacheDType != null) {
            engine.cacheDType(DType.parse(cacheDType));
        }
        return engine;
    }
}
