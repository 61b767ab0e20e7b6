package org.zebralm.bench;

import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.train.GemmRate;

/// What this machine can do at most, by libtorch with all its threads, each the best of several calls.
///
/// @param gemmGflops a product of two float32 matrices of 2048 x 2048: the bound of forward and backward
/// @param readGigabytesPerSecond summing float32: the bound of decoding
public record MachineRates(double gemmGflops, double readGigabytesPerSecond) {
    private static final int READS = 20;

    /// Measures both: about a second.
    public static MachineRates measure() {
        try (var memory = new MemoryRead();
                var _ = Autograd.recording(false)) {
            return new MachineRates(GemmRate.measure(DType.FLOAT32) / 1e9, memory.gigabytesPerSecond(READS));
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
}
