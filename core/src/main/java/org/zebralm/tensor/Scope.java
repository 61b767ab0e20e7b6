package org.zebralm.tensor;

import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/// The native lifetime of a stretch of code: every tensor made inside is freed when the scope closes.
///
/// ```java
/// try (var _ = Scope.open()) {
///     Tensor y = x.matmul(w);
///     result = y.item();
/// }
/// ```
///
/// Scopes nest, and belong to the thread that opened them. They are opened by loops alone: per training step,
/// layer, loss chunk, decoded token, evaluated batch. A tensor that must outlive its scope is handed to the
/// enclosing one with [#keep], or to a [Lifetime].
public final class Scope implements AutoCloseable {
    private final @Nullable PointerScope outer;
    private final PointerScope pointers;

    private Scope(@Nullable PointerScope outer, PointerScope pointers) {
        this.outer = outer;
        this.pointers = pointers;
    }

    /// Opens a scope on the current thread, which must be a platform thread.
    public static Scope open() {
        Torch.requirePlatformThread();
        Torch.load();
        return new Scope(PointerScope.getInnerScope(), new PointerScope());
    }

    /// Hands `tensor` to the scope around this one, where it lives on after this one has closed.
    ///
    /// @throws IllegalStateException if there is no scope around this one
    public Tensor keep(Tensor tensor) {
        if (outer == null) {
            throw new IllegalStateException("there is no scope around this one to keep a tensor in; use a Lifetime");
        }
        outer.attach(tensor.raw());
        return tensor;
    }

    /// Frees what was made inside and was not kept.
    @Override
    public void close() {
        pointers.close();
    }

    /// Fails unless a scope is open on this thread: a tensor nobody owns is a leak.
    static void require() {
        if (PointerScope.getInnerScope() == null) {
            throw new IllegalStateException(
                    "a tensor was made outside any Scope; open one around the loop that makes it");
        }
    }
}
