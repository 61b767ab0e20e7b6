package org.zebralm.kernel;

import java.util.List;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.Tensor;

/// Attention composed of libtorch operations, block of queries by block of queries, on the device of its
/// queries.
///
/// Runs wherever libtorch does, and does all that the contract asks for. A block takes the keys that its rows
/// see, tile by tile with an online softmax, so a local layer costs `O(T * (window + block))` and no score
/// outlives its tile; only the keys that some rows of a block see and others do not are masked ([Stretch]).
/// What is computed in which element type is told by [Precision].
public final class PortableAttention implements AttentionKernel {
    @Override
    public String name() {
        return "portable (libtorch, blockwise)";
    }

    @Override
    public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        Shapes.check(spec, q_TNH, sequences);
        try (var _ = Autograd.recording(false)) {
            long numKvHeads = sequences.getFirst().keys().getFirst().k_SKH().size(1);
            var forward = new BlockForward(spec, q_TNH, numKvHeads);
            for (Sequence sequence : sequences) {
                forward.run(Stretch.of(spec.span(), sequence));
            }
            return new AttentionOutput(forward.out_TNH, forward.lse_NT);
        }
    }

    @Override
    public AttentionOutput forward(
            AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        try (var _ = Autograd.recording(false)) {
            var forward = new BlockForward(spec, q_TNH, k_TKH.size(1));
            forward.run(Stretch.packed(spec.span(), k_TKH, v_TKH, lengths));
            return new AttentionOutput(forward.out_TNH, forward.lse_NT);
        }
    }

    @Override
    public AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        Shapes.checkSame("dOut", dOut_TNH, "q", q_TNH);
        Shapes.checkSame("out", output.out_TNH(), "q", q_TNH);
        Shapes.checkLogSumExp(output.logSumExp_NT(), q_TNH);
        try (var _ = Autograd.recording(false)) {
            return new BlockBackward(spec, q_TNH, k_TKH, output, dOut_TNH)
                    .run(Stretch.packed(spec.span(), k_TKH, v_TKH, lengths));
        }
    }
}
