package org.zebralm.train;

import java.util.List;
import java.util.Objects;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Final norm, head and cross entropy, some tokens at a time, so that logits `[T, V]` never exist at once.
final class LossHead {
    private final Zebra zebra;
    private final int chunk;

    LossHead(Zebra zebra, int chunk) {
        this.zebra = zebra;
        this.chunk = chunk;
    }

    /// Returns the summed loss of `[T, D]` against `targets`, and writes the gradient of `loss * factor` into
    /// `dHidden_TD`.
    double backward(Tensor hidden_TD, int[] targets, double factor, Tensor dHidden_TD) {
        double loss = 0;
        for (int start = 0; start < targets.length; start += chunk) {
            int n = Math.min(chunk, targets.length - start);
            try (var _ = Scope.open();
                    var _ = Autograd.recording(true)) {
                Tensor leaf_CD = hidden_TD.narrow(0, start, n).asLeaf();
                Tensor logits_CV = zebra.logits(leaf_CD).to(DType.FLOAT32);
                Tensor sum = Functional.crossEntropySum(
                        logits_CV, Tensors.ofIds(java.util.Arrays.copyOfRange(targets, start, start + n)));
                Autograd.backward(List.of(sum), List.of(Tensors.full(factor, DType.FLOAT32)));
                dHidden_TD.narrow(0, start, n).copyInPlace(Objects.requireNonNull(leaf_CD.grad()));
                loss += sum.item();
            }
        }
        return loss;
    }
}
