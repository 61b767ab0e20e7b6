package org.zebralm.model;

import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;

/// The keys and values of one sequence: growing for global layers, a ring of the window for local ones.
///
/// Owned by one thread. Closing frees its memory.
public final class KvCache implements AutoCloseable {
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

    /// Returns the number of tokens seen.
    public int length() {
        return length;
    }

    /// Returns the bytes of native memory held.
    public long bytes() {
        return layers.stream().mapToLong(LayerCache::bytes).sum();
    }

    void requireDType(DType model) {
        if (dtype != model) {
            throw new IllegalArgumentException(
                    "a cache must have the model's dtype: got " + dtype.label() + " and " + model.label());
        }
    }

    LayerCache layer(int index) {
        return layers.get(index);
    }

    void advance(int tokens) {
        length += tokens;
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
