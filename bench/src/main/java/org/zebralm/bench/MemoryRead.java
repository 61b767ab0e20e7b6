package org.zebralm.bench;

import org.zebralm.tensor.BriefThread;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The rate at which this machine reads memory, by libtorch's sum with all its threads.
///
/// On a shared host it doubles and halves within minutes, so that what memory bounds is held against the rate of
/// the same seconds.
final class MemoryRead implements AutoCloseable {
    /// 256 MiB: several times what last-level caches hold.
    private static final long FLOATS = 1L << 26;

    private final Lifetime lifetime = new Lifetime();
    private final Tensor floats;

    MemoryRead() {
        floats = BriefThread.call("bench-memory", () -> {
            try (var _ = Scope.open()) {
                return lifetime.keep(Tensors.full(1, DType.FLOAT32, FLOATS));
            }
        });
    }

    /// Returns 1e9 bytes a second, the best of some calls.
    double gigabytesPerSecond(int calls) {
        // What is timed beside it must have libtorch's threads to itself.
        return BriefThread.call("bench-memory", () -> best(calls));
    }

    private double best(int calls) {
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < calls; i++) {
            try (var _ = Scope.open()) {
                long start = System.nanoTime();
                floats.sum();
                best = Math.min(best, (System.nanoTime() - start) / 1e9);
            }
        }
        return (double) FLOATS * DType.FLOAT32.bytes() / best / 1e9;
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
