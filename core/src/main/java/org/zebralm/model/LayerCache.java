package org.zebralm.model;

import java.util.List;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// One layer's keys and values of one sequence.
sealed interface LayerCache permits GrowingCache, RingCache {
    /// Returns the ranges a query of `fresh` may see: what is held of the tokens before it, then `fresh`
    /// itself.
    List<KeyRange> reachable(KeyRange fresh);

    /// Takes `fresh` in, dropping what no later query can see. The ranges handed out before are invalid
    /// afterwards.
    void append(KeyRange fresh);

    /// Returns the bytes allocated.
    long bytes();

    /// Makes room for keys, `[numKeys, numKvHeads, headDim]`, of which a head's lie behind each other: a query
    /// reads them as one stream, at up to 1.5 times the bandwidth of keys whose heads alternate (`results/`).
    static Tensor headMajor(Lifetime lifetime, DType dtype, long numKeys, long numKvHeads, long headDim) {
        return lifetime.keep(Tensors.empty(dtype, numKvHeads, numKeys, headDim).transpose(0, 1));
    }
}
