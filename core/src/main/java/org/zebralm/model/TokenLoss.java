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
    /// Tokens whose logits exist at a time where nobody says otherwise: the head's matrix product is full by
    /// then, and the logits of a vocabulary of 128k take 134 MB.
    public static final int CHUNK = 256;

    private TokenLoss() {}

    /// Returns the loss of each target under packed documents, 0 where the target is negative.
    ///
    /// Logits exist for `chunk` tokens at a time.
    public static float[] each(Zebra zebra, int[] ids, int[] targets, CumulativeLengths lengths, int chunk) {
        if (ids.length != targets.length) {
            throw new IllegalArgumentException(
                    "each id needs a target: got " + ids.length + " ids and " + targets.length + " targets");
        }
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

    /// Returns the loss of each of the last `count` ids of a sequence, given all ids before it.
    ///
    /// The first id has none before it, so `count` is below `ids.length`.
    public static float[] ofLast(Zebra zebra, int count, int... ids) {
        if (count < 1 || count >= ids.length) {
            throw new IllegalArgumentException(
                    "at least one id and all but the first can be scored: got " + count + " of " + ids.length);
        }
        int length = ids.length - 1;
        int[] targets = Arrays.copyOfRange(ids, 1, ids.length);
        Arrays.fill(targets, 0, length - count, Functional.IGNORED);
        float[] losses = each(zebra, Arrays.copyOf(ids, length), targets, CumulativeLengths.single(length), CHUNK);
        return Arrays.copyOfRange(losses, length - count, length);
    }
}
