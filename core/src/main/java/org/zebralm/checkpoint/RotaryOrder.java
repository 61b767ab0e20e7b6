package org.zebralm.checkpoint;

import org.zebralm.tensor.Tensor;

/// The order of the rows that make queries and keys.
///
/// Meta's Llama, llama2.c and llama.cpp rotate neighbours (elements 2i and 2i + 1 of a head); Hugging Face and we
/// rotate element i with i + H/2. The rows of a projection differ by that order, and nothing else does.
final class RotaryOrder {
    private RotaryOrder() {}

    /// Returns a projection `[N*H, ..]` whose rows were in neighbours' order, in ours; not contiguous.
    static Tensor fromNeighbours(Tensor projection, int numHeads) {
        long[] shape = projection.shape();
        long half = shape[0] / numHeads / 2;
        long width = projection.numElements() / shape[0];
        return projection.reshape(numHeads, half, 2, width).transpose(1, 2).reshape(shape);
    }

    /// Undoes [#fromNeighbours].
    static Tensor toNeighbours(Tensor projection, int numHeads) {
        long[] shape = projection.shape();
        long half = shape[0] / numHeads / 2;
        long width = projection.numElements() / shape[0];
        return projection.reshape(numHeads, 2, half, width).transpose(1, 2).reshape(shape);
    }
}
