package org.zebralm.model;

import java.util.List;
import org.zebralm.kernel.KeyRange;

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
}
