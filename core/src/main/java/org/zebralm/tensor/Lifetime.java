package org.zebralm.tensor;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/// An explicit owner of tensors that outlive the scope they were made in: a model's weights, a cache, an
/// optimizer's state.
///
/// Not thread-safe: one owner per mutable thing.
public final class Lifetime implements AutoCloseable {
    private final Set<Tensor> tensors = Collections.newSetFromMap(new IdentityHashMap<>());
    private boolean closed;

    /// Takes `tensor` over: it lives until [#drop] or [#close].
    public Tensor keep(Tensor tensor) {
        if (closed) {
            throw new IllegalStateException("this lifetime has ended; it cannot keep another tensor");
        }
        if (tensors.add(tensor)) {
            tensor.raw().retainReference();
        }
        return tensor;
    }

    /// Frees `tensor` before the end, as soon as no open scope holds it.
    public void drop(Tensor tensor) {
        if (!tensors.remove(tensor)) {
            throw new IllegalArgumentException("this lifetime does not own " + tensor);
        }
        tensor.raw().releaseReference();
    }

    /// Returns how many tensors are owned.
    public int size() {
        return tensors.size();
    }

    @Override
    public void close() {
        closed = true;
        tensors.forEach(tensor -> tensor.raw().releaseReference());
        tensors.clear();
    }
}
