package org.zebralm.train;

import java.util.Arrays;
import org.zebralm.kernel.RowKernels;
import org.zebralm.model.Zebra;
import org.zebralm.nn.RmsNorm;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// [LossHead] with gradients written out: logits are read twice and become their own gradients, in the element type
/// they are computed in.
record FusedLoss(Zebra zebra, RowKernels rows, Parameters parameters, LossConfig config) implements LossPass {
    @Override
    public double backward(Tensor hidden_TD, int[] targets, double factor, Tensor dHidden_TD) {
        dHidden_TD.zeroInPlace();
        RmsNorm norm = (RmsNorm) zebra.norm();
        Tensor head_VD = zebra.head().weight();
        double loss = 0;
        for (int start = 0; start < targets.length; start += config.chunk()) {
            int n = Math.min(config.chunk(), targets.length - start);
            try (var _ = Scope.open()) {
                Tensor hidden_CD = hidden_TD.narrow(0, start, n);
                Tensor normed_CD = rows.rmsNorm(hidden_CD, norm.weight(), norm.eps());
                Tensor logits_CV = zebra.head().product(normed_CD);
                int[] wanted = Arrays.copyOfRange(targets, start, start + n);
                loss += rows.crossEntropy(logits_CV, wanted, factor, config.zLoss());
                parameters.addProduct(head_VD, logits_CV, normed_CD);
                rows.addRmsNormGradients(
                        hidden_CD,
                        norm.weight(),
                        norm.eps(),
                        logits_CV.matmul(head_VD),
                        dHidden_TD.narrow(0, start, n),
                        parameters.gradient(norm.weight()));
            }
        }
        return loss;
    }
}
