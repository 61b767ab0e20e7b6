package org.zebralm.model;

import java.util.List;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// The keys and values of one sequence: growing for global layers, a ring of the window for local ones.
///
/// Owned by one thread. Closing frees its memory.
public final class KvCache implements SequenceCache, AutoCloseable {
    private final Lifetime lifetime = new Lifetime();
    private final List<LayerCache> layers;
    private final DType dtype;
    private int length;

    /// Makes an empty cache whose elements have the model's dtype.
    public KvCache(ZebraConfig config, DType dtype) {
        this.dtype = dtype;
        try (var _ = Scope.open()) {
            layers = config.attentionTypes().stream()
                    .<LayerCache>map(type -> switch (type) {
                        case AttentionType.Global _ -> new GrowingCache(lifetime);
                        case AttentionType.Local(int window) -> ring(config, window, dtype);
                    })
                    .toList();
        }
    }

    private RingCache ring(ZebraConfig config, int window, DType dtype) {
        return new RingCache(
                LayerCache.headMajor(lifetime, dtype, window - 1, config.numKvHeads(), config.headDim()),
                LayerCache.headMajor(lifetime, dtype, window - 1, config.numKvHeads(), config.headDim()));
    }

    @Override
    public int length() {
        return length;
    }

    /// Returns the bytes of native memory held.
    public long bytes() {
        return layers.stream().mapToLong(LayerCache::bytes).sum();
    }

    @Override
    public List<KeyRange> keys(int layer, KeyRange fresh) {
        return layers.get(layer).reachable(fresh);
    }

    @Override
    public void attended(int layer, KeyRange fresh) {
        layers.get(layer).append(fresh);
    }

    /// Takes the same keys into every layer, as if a model had computed them: for measuring attention over a cache
    /// without a model.
    public void fill(KeyRange keys) {
        if (keys.position() != length) {
            throw new IllegalArgumentException(
                    "keys must follow those held: got position " + keys.position() + " after " + length + " tokens");
        }
        requireModel(keys.k_SKH().dtype());
        layers.forEach(layer -> layer.append(keys));
        advance(keys.length());
    }

    @Override
    public void requireModel(DType model) {
        if (dtype != model) {
            throw new IllegalArgumentException(
                    "a cache must have the model's dtype: got " + dtype.label() + " and " + model.label());
        }
    }

    @Override
    public void advance(int tokens) {
        length += tokens;
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
