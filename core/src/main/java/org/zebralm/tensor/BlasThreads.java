package org.zebralm.tensor;

import org.bytedeco.openblas.global.openblas_full;

/// How many threads OpenBLAS, which computes libtorch's float32 products on the CPU, takes for one of them.
///
/// One is right where libtorch calls it from each of its own threads at once, as its float32 attention does:
/// there two took 2 to 15 times as long.
///
/// Around many calls only: OpenBLAS gives its buffers up with every change, which cost the next product 2 ms.
public final class BlasThreads implements AutoCloseable {
    private final int before;

    private BlasThreads(int before) {
        this.before = before;
    }

    /// Sets the number, for the whole process, until the returned guard is closed.
    public static BlasThreads limit(int numThreads) {
        if (numThreads < 1) {
            throw new IllegalArgumentException("numThreads must be at least 1: got " + numThreads);
        }
        Torch.load(); // brings OpenBLAS along
        var guard = new BlasThreads(count());
        openblas_full.openblas_set_num_threads(numThreads);
        return guard;
    }

    /// Returns the number that holds now.
    public static int count() {
        Torch.load();
        return openblas_full.openblas_get_num_threads();
    }

    /// Sets the number back to what it was.
    @Override
    public void close() {
        openblas_full.openblas_set_num_threads(before);
    }
}
