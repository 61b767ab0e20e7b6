package org.zebralm.model;

import java.util.Arrays;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The negative log-likelihood a model gives to tokens, in nats; computed without history.
public final class TokenLoss {
    private TokenLoss() {}

    /// Returns the loss of each target under packed documents, 0 where the target is negative.
    ///
    /// Logits exist for `chunk` tokens at a time.
    public static float[] each(Zebra zebra, int[] ids, int[] targets, CumulativeLengths lengths, int chunk) {
        float[] losses = new float[targets.length];
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor hidden_TD = zebra.hidden(ids, lengths);
            for (int start = 0; start < targets.length; start += chunk) {
                int n = Math.min(chunk, targets.length - start);
                int[] wanted = Arrays.copyOfRange(targets, start, start + n);
                if (Arrays.stream(wanted).allMatch(target -> target < 0)) {
                    continue; // much of a long context is only context
                }
                try (var _ = Scope.open()) {
                    Tensor logits_CV =
                            zebra.logits(hidden_TD.narrow(0, start, n)).to(DType.FLOAT32);
                    float[] chunkLosses = Functional.crossEntropyEach(logits_CV, Tensors.ofIds(wanted))
                            .toFloats();
                    System.arraycopy(chunkLosses, 0, losses, start, n);
                }
            }
        }
        return losses;
    }

    /// Returns the summed loss of all targets that are not negative.
    public static double sum(Zebra zebra, int[] ids, int[] targets, CumulativeLengths lengths, int chunk) {
        double sum = 0;
        for (float loss : each(zebra, ids, targets, lengths, chunk)) {
            sum += loss;
        }
        return sum;
    }
}
