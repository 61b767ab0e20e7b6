package org.zebralm.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zebralm.model.Zebra;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Log-probabilities of a prompt's tokens, from a chunk of it that was computed.
final class PromptLogprobs {
    /// The most logits of a prompt that exist at a time.
    private static final int MOST_LOGITS = 1 << 22;

    private PromptLogprobs() {}

    /// Returns those of `next`, the tokens that follow the first rows of a chunk, a few rows of logits at a time.
    ///
    /// @param hidden_TD the chunk's rows, at least as many as `next`
    static List<TokenLogprobs> of(Zebra model, Tensor hidden_TD, SamplingConfig sampling, int... next) {
        var reader = new Logprobs(Math.max(sampling.numLogprobs(), 0));
        int vocabSize = model.config().vocabSize();
        int most = Math.max(1, MOST_LOGITS / vocabSize);
        List<TokenLogprobs> all = new ArrayList<>(next.length);
        for (int row = 0; row < next.length; row += most) {
            int count = Math.min(most, next.length - row);
            try (var _ = Scope.open()) {
                float[] logits = model.logits(hidden_TD.narrow(0, row, count)).toFloats();
                all.addAll(reader.ofRows(logits, vocabSize, Arrays.copyOfRange(next, row, row + count)));
            }
        }
        return all;
    }
}
