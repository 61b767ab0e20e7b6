package org.zebralm.bench;

import java.util.List;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.tensor.Tensor;

/// One implementation of a case, ready to be called again and again: its inputs lie in memory.
///
/// Owned by one platform thread. Inputs are a function of the case alone, so that implementations compute the
/// same.
public sealed interface Contender extends AutoCloseable permits ZebraPass, ZebraDecode, TorchPass, TorchDecode {
    /// Readies an implementation for a case.
    static Contender of(Implementation implementation, AttentionCase attention) {
        return switch (implementation) {
            case ZEBRA -> ours(attention, AttentionKernels.forThisMachine());
            case PORTABLE -> ours(attention, new PortableAttention());
            case TORCH -> attention.pass() == Pass.DECODE ? new TorchDecode(attention) : new TorchPass(attention);
        };
    }

    private static Contender ours(AttentionCase attention, AttentionKernel kernel) {
        return attention.pass() == Pass.DECODE ? new ZebraDecode(attention, kernel) : new ZebraPass(attention, kernel);
    }

    /// Sets the process up for this implementation until the returned turn is closed. Opened around many calls:
    /// setting up takes longer than a short call.
    default Turn turn() {
        return () -> {};
    }

    /// Computes once, in the caller's scope, and returns the output and, where the pass has them, the gradients
    /// of queries, keys and values, in the implementation's own layout.
    List<Tensor> run();

    /// Frees the inputs.
    @Override
    void close();

    /// While it is open, the process is set up for one contender.
    interface Turn extends AutoCloseable {
        @Override
        void close();
    }
}
