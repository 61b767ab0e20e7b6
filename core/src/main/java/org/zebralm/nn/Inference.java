package org.zebralm.nn;

import java.util.Optional;
import org.zebralm.kernel.RowKernels;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Tensor;

/// Whether this thread only infers: then kernels of ours compute few rows, and what lies between matrix products.
///
/// libtorch takes several operations for each, of which every one costs more than its arithmetic on the single row of a
/// decoded token; and the order of its sums may depend on how many rows there are, ours does not. Where history is
/// recorded libtorch computes, and so it does where a trainer looks at layers without recording: what is computed twice
/// must have the same bits both times.
public final class Inference {
    private static final ThreadLocal<Boolean> WITHHELD = ThreadLocal.withInitial(() -> false);

    private Inference() {}

    /// Lets libtorch compute all of this thread until the guard closes.
    public static Guard withheld() {
        boolean before = WITHHELD.get();
        WITHHELD.set(true);
        return () -> WITHHELD.set(before);
    }

    /// Brings back what was before.
    @FunctionalInterface
    public interface Guard extends AutoCloseable {
        @Override
        void close();
    }

    static boolean isOn() {
        return !WITHHELD.get() && !Autograd.isRecording();
    }

    /// Returns the row kernels for `x`, or nothing where libtorch is to compute: also on another device, in another
    /// type, or without the Vector module.
    static Optional<RowKernels> rows(Tensor x) {
        return isOn() && RowKernels.accepts(x) ? RowKernels.forThisMachine() : Optional.empty();
    }
}
