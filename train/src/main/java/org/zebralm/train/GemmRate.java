package org.zebralm.train;

import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What this machine multiplies at most: the bound that a run's MFU is a share of.
public final class GemmRate {
    private static final int SIZE = 2048;
    /// Where libtorch has no fast product of a type, one of the full size would take minutes.
    private static final int SMALL_SIZE = 256;

    private static final double SLOW_SECONDS = 0.02;
    private static final double SECONDS = 0.8;
    private static final int LEAST_CALLS = 3;

    private GemmRate() {}

    /// Measures the FLOP/s of a product of two matrices of 2048 x 2048 by libtorch with all its threads: the
    /// best of the calls of about a second.
    public static double measure(DType dtype) {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            call(SMALL_SIZE, dtype, 0, 1); // libtorch and its threads wake up
            double small = call(SMALL_SIZE, dtype, 0, LEAST_CALLS);
            double large = small > SLOW_SECONDS ? Double.NaN : call(SIZE, dtype, SECONDS, LEAST_CALLS);
            return Double.isNaN(large) ? flops(SMALL_SIZE) / small : flops(SIZE) / large;
        }
    }

    private static double flops(int size) {
        return 2.0 * size * size * size;
    }

    /// Returns the seconds of the quickest of at least `leastCalls` calls within `seconds`.
    private static double call(int size, DType dtype, double seconds, int leastCalls) {
        try (var _ = Scope.open()) {
            Tensor a = Tensors.normal(1, 1, size, size).to(dtype);
            Tensor b = Tensors.normal(1, 2, size, size).to(dtype);
            double best = Double.POSITIVE_INFINITY;
            double spent = 0;
            for (int calls = 0; calls < leastCalls || spent < seconds; calls++) {
                try (var _ = Scope.open()) {
                    long start = System.nanoTime();
                    a.matmul(b);
                    double took = (System.nanoTime() - start) / 1e9;
                    best = Math.min(best, took);
                    spent += took;
                }
            }
            return best;
        }
    }
}
