package org.zebralm.train;

import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A whole number that is part of a run's saved state, 0 at first.
final class Counter {
    private final Tensor value;

    Counter(String name, Parameters memory) {
        value = memory.remember(name, Tensors.of(new long[] {0}, 1));
    }

    long get() {
        return (long) value.item();
    }

    void set(long count) {
        value.copyInPlace(Tensors.of(new long[] {count}, 1));
    }
}
