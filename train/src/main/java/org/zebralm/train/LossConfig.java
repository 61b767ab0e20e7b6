package org.zebralm.train;

/// What a run minimises: the mean cross entropy of its targets.
///
/// @param chunk tokens whose logits exist at a time
public record LossConfig(int chunk) {
    public LossConfig {
        Bounds.atLeast("chunk", chunk, 1);
    }

    public static LossConfig defaults() {
        return new LossConfig(1024);
    }
}
