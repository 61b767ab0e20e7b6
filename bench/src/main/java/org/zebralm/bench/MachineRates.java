package org.zebralm.bench;

import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// What this machine can do at most, by libtorch with all its threads, each the best of several calls.
///
/// @param gemmGflops a product of two float32 matrices of 2048 x 2048: the bound of forward and backward
/// @param readGigabytesPerSecond summing 1 GiB of float32: the bound of decoding
public record MachineRates(double gemmGflops, double readGigabytesPerSecond) {
    private static final int SIZE = 2048;
    private static final long FLOATS = 1L << 28;
    private static final int CALLS = 10;

    /// Measures both: about two seconds, and 1 GiB of memory for the time.
    public static MachineRates measure() {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor a = Tensors.normal(1, 1, SIZE, SIZE);
            Tensor b = Tensors.normal(1, 2, SIZE, SIZE);
            double product = best(() -> a.matmul(b));
            Tensor floats = Tensors.full(1, DType.FLOAT32, FLOATS);
            double read = best(floats::sum);
            return new MachineRates(
                    2.0 * SIZE * SIZE * SIZE / product / 1e9, (double) FLOATS * DType.FLOAT32.bytes() / read / 1e9);
        }
    }

    /// Returns the larger of each rate: a bound is what was reached once.
    public MachineRates max(MachineRates other) {
        return new MachineRates(
                Math.max(gemmGflops, other.gemmGflops), Math.max(readGigabytesPerSecond, other.readGigabytesPerSecond));
    }

    /// Returns the share of its bound that a row reaches, 1 for all of it: of this matrix product, or of what
    /// memory gave during the row's own repetitions.
    public double share(Row.Measured row) {
        return row.attention().pass() == Pass.DECODE
                ? row.gigabytesPerSecond() / row.readGigabytesPerSecond()
                : row.gflops() / gemmGflops;
    }

    private static double best(Runnable call) {
        double best = Double.POSITIVE_INFINITY;
        for (int i = 0; i < CALLS; i++) {
            try (var _ = Scope.open()) {
                long start = System.nanoTime();
                call.run();
                best = Math.min(best, (System.nanoTime() - start) / 1e9);
            }
        }
        return best;
    }
}
