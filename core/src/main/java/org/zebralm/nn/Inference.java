package org.zebralm.nn;

import java.util.Optional;
import org.zebralm.kernel.RowKernels;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Tensor;

/// Which kernels compute what lies between matrix products where no history is recorded.
///
/// libtorch takes several operations for each, of which every one costs more than its arithmetic on the single row of a
/// decoded token; and the order of its sums may depend on how many rows there are, ours does not.
final class Inference {
    private Inference() {}

    /// Returns the row kernels for `x`, or nothing where libtorch is to compute: while history is recorded, on another
    /// device or in another type, or without the Vector module.
    static Optional<RowKernels> rows(Tensor x) {
        return Autograd.isRecording() || !RowKernels.accepts(x) ? Optional.empty() : RowKernels.forThisMachine();
    }
}
