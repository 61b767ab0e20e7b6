package org.zebralm.model;

import java.util.List;
import java.util.Optional;
import org.zebralm.kernel.CachedKeys;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.DType;

/// The keys and values of one sequence, as a model's pass reads and extends them.
///
/// A pass calls [#keys] and then [#attended] once for each layer, and [#advance] at its end; if it fails before, the
/// cache holds what it held.
public interface SequenceCache {
    /// Returns the number of tokens seen.
    int length();

    /// Fails unless a model that computes in `dtype` can use this cache.
    void requireModel(DType dtype);

    /// Returns what the queries of `fresh` may see in a layer: held keys, then `fresh` itself, in the form in which it
    /// will be held.
    List<KeyRange> keys(int layer, KeyRange fresh);

    /// Returns what the next token sees in a layer, and where its keys go; or nothing where keys have no place of their
    /// own that a [DecodePass] could write to.
    default Optional<CachedKeys> next(int layer) {
        return Optional.empty();
    }

    /// Takes note that a layer's attention over `fresh` is done: what no later query sees may go. The ranges handed
    /// out before are invalid afterwards.
    void attended(int layer, KeyRange fresh);

    /// Counts tokens as seen whose keys all layers have.
    void advance(int tokens);
}
