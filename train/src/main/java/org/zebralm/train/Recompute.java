package org.zebralm.train;

/// What is computed again on the way back instead of being kept. The numbers are the same to the bit.
public enum Recompute {
    /// Nothing: fastest, and memory grows with every layer's activations.
    NONE,
    /// Everything but attention: a layer keeps its input and what it attended to. About a third more arithmetic in
    /// matrix products, none in attention, which dominates long sequences.
    ATTENTION,
    /// Each layer from its input: the least memory.
    LAYER,
    /// The first of those whose memory is expected to fit into what the machine has free when the run starts.
    AUTO
}
