package org.zebralm.checkpoint;

import java.util.function.LongConsumer;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Weights on their way from one file to another, one in memory at a time.
final class WeightStream {
    /// Elements looked at together: their absolute values are a copy.
    private static final long PIECE = 1 << 24;

    private final WeightSource source;
    private final LongConsumer progress;
    private long written;

    /// @param progress told the bytes written so far, after each tensor
    WeightStream(WeightSource source, LongConsumer progress) {
        this.source = source;
        this.progress = progress;
    }

    /// Returns a tensor that is read, as `dtype`, when its turn comes.
    ///
    /// Writing one as float16 fails if a number is too large for it, which would become infinite.
    PendingTensor tensor(String name, DType dtype) {
        return PendingTensor.of(dtype, source.shape(name), sink -> {
            try (var _ = Scope.open()) {
                Tensor tensor = source.tensor(name, dtype);
                if (dtype == DType.FLOAT16 && source.dtype(name) != DType.FLOAT16) {
                    requireFinite(name, tensor);
                }
                sink.take(tensor);
                written += tensor.numElements() * dtype.bytes();
            }
            progress.accept(written);
        });
    }

    private static void requireFinite(String name, Tensor tensor) {
        Tensor flat = tensor.reshape(tensor.numElements());
        for (long start = 0; start < flat.numElements(); start += PIECE) {
            try (var _ = Scope.open()) {
                double largest = flat.narrow(0, start, Math.min(PIECE, flat.numElements() - start))
                        .abs()
                        .max(0, false)
                        .item();
                if (!Double.isFinite(largest)) {
                    throw new IllegalArgumentException("every number of " + name
                            + " must be finite and below 65520 to be stored as float16: some are not; bfloat16 has"
                            + " the range of float32");
                }
            }
        }
    }
}
