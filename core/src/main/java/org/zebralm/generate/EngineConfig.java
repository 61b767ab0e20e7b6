package org.zebralm.generate;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// How an [Engine] works: its memory, how much it does at a time, and what it promises.
///
/// @param cacheBytes the budget of all keys and values, those kept for later prompts included; 0 takes half of the
/// memory
///     that is available when the engine starts
/// @param cacheDType what keys and values are stored as: the model's own type (null), or int8
/// @param prefillChunk how many tokens of a prompt are computed at a time
/// @param mixedChunk the same while other sequences are being decoded, which wait for it
/// @param maxRunning how many sequences are computed at a time
/// @param maxWaiting how many requests may wait; further ones are refused
/// @param reusesPrefixes whether what was computed is kept for prompts that begin alike
/// @param windowInterval how far apart, in tokens, local windows are kept within long sequences; 0 keeps them at
///     ends and partings only
/// @param invariance whether results depend on what else is running
public record EngineConfig(
        long cacheBytes,
        @Nullable DType cacheDType,
        int prefillChunk,
        int mixedChunk,
        int maxRunning,
        int maxWaiting,
        boolean reusesPrefixes,
        int windowInterval,
        Invariance invariance) {
    /// Whether a request's result has the same bits whatever else is running and whatever was cached before.
    public enum Invariance {
        /// On where the model computes in float32 with dense weights, else off.
        AUTO,
        /// Prompts are computed in chunks of a fixed grid, and only whole chunks of prompts are reused; generated
        /// tokens
        /// are computed again when they come back in a prompt.
        ON,
        /// Everything is reused, to the token. The order of sums, and so the last bits, may then depend on how a
        /// sequence came about.
        OFF
    }

    /// The grid that chunks lie on where results are invariant.
    static final int GRID = 256;

    public EngineConfig {
        if (cacheBytes < 0) {
            throw new IllegalArgumentException(
                    "cacheBytes must not be negative (0 takes half of what is available): got " + cacheBytes);
        }
        if (cacheDType != null && !cacheDType.isFloating() && cacheDType != DType.INT8) {
            throw new IllegalArgumentException(
                    "cacheDType must be the model's type or int8: got " + cacheDType.label());
        }
        atLeastOne("prefillChunk", prefillChunk);
        atLeastOne("mixedChunk", mixedChunk);
        atLeastOne("maxRunning", maxRunning);
        atLeastOne("maxWaiting", maxWaiting);
        if (windowInterval < 0) {
            throw new IllegalArgumentException(
                    "windowInterval must not be negative (0 keeps none): got " + windowInterval);
        }
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1: got " + value);
        }
    }

    /// Returns the settings that suit most.
    public static EngineConfig defaults() {
        return new Builder().build();
    }

    /// Collects settings, starting from the defaults.
    public static final class Builder {
        private long cacheBytes;
        private @Nullable DType cacheDType;
        private int prefillChunk = 512;
        private int mixedChunk = 128;
        private int maxRunning = 16;
        private int maxWaiting = 256;
        private boolean reusesPrefixes = true;
        private int windowInterval = 2048;
        private Invariance invariance = Invariance.AUTO;

        public Builder cacheBytes(long value) {
            cacheBytes = value;
            return this;
        }

        public Builder cacheDType(@Nullable DType value) {
            cacheDType = value;
            return this;
        }

        /// Sets both chunks to one length.
        public Builder chunk(int value) {
            prefillChunk = value;
            mixedChunk = value;
            return this;
        }

        public Builder prefillChunk(int value) {
            prefillChunk = value;
            return this;
        }

        public Builder mixedChunk(int value) {
            mixedChunk = value;
            return this;
        }

        public Builder maxRunning(int value) {
            maxRunning = value;
            return this;
        }

        public Builder maxWaiting(int value) {
            maxWaiting = value;
            return this;
        }

        public Builder reusesPrefixes(boolean value) {
            reusesPrefixes = value;
            return this;
        }

        public Builder windowInterval(int value) {
            windowInterval = value;
            return this;
        }

        public Builder invariance(Invariance value) {
            invariance = value;
            return this;
        }

        public EngineConfig build() {
            return new EngineConfig(
                    cacheBytes,
                    cacheDType,
                    prefillChunk,
                    mixedChunk,
                    maxRunning,
                    maxWaiting,
                    reusesPrefixes,
                    windowInterval,
                    invariance);
        }
    }
}
