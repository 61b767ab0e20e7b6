package org.zebralm.train;

import java.util.Arrays;
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
final class LossHead implements LossPass {
    private final Zebra zebra;
    private final LossConfig config;

    LossHead(Zebra zebra, LossConfig config) {
        this.zebra = zebra;
        this.config = config;
    }

    @Override
    public double backward(Tensor hidden_TD, int[] targets, double factor, Tensor dHidden_TD) {
        double loss = 0;
        for (int start = 0; start < targets.length; start += config.chunk()) {
            int n = Math.min(config.chunk(), targets.length - start);
            try (var _ = Scope.open();
                    var _ = Autograd.recording(true)) {
                Tensor leaf_CD = hidden_TD.narrow(0, start, n).asLeaf();
                Tensor logits_CV = zebra.logits(leaf_CD).to(DType.FLOAT32);
                int[] wanted = Arrays.copyOfRange(targets, start, start + n);
                Tensor sum = Functional.crossEntropySum(logits_CV, Tensors.ofIds(wanted));
                Tensor minimised = config.zLoss() > 0 ? sum.add(zLoss(logits_CV, wanted)) : sum;
                Autograd.backward(List.of(minimised), List.of(Tensors.full(factor, DType.FLOAT32)));
                dHidden_TD.narrow(0, start, n).copyInPlace(Objects.requireNonNull(leaf_CD.grad()));
                loss += sum.item();
            }
        }
        return loss;
    }

    private Tensor zLoss(Tensor logits_CV, int... targets) {
        double[] factors = new double[targets.length];
        for (int i = 0; i < targets.length; i++) {
            factors[i] = targets[i] < 0 ? 0 : config.zLoss();
        }
        Tensor logSums_C = Functional.logSumExp(logits_CV, 1, false);
        return logSums_C
                .mul(logSums_C)
                .mul(Tensors.of(factors, factors.length).to(DType.FLOAT32))
                .sum();
    }
}
