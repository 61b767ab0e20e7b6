package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LogprobsTest {
    private static final Offset<Double> CLOSE = Offset.offset(1e-12);

    private static float[] logits(int size, long seed) {
        var random = new Random(seed);
        float[] logits = new float[size];
        for (int i = 0; i < size; i++) {
            logits[i] = Math.round(random.nextGaussian() * 12) / 4f; // many are equal
        }
        return logits;
    }

    /// Sorts everything and adds up plainly: the numbers are small enough.
    private static void check(TokenLogprobs actual, int id, int numTop, float... logits) {
        double sum = 0;
        for (float logit : logits) {
            sum += Math.exp(logit);
        }
        List<Integer> order = IntStream.range(0, logits.length)
                .boxed()
                .sorted((a, b) -> logits[a] != logits[b] ? Float.compare(logits[b], logits[a]) : a - b)
                .toList();
        assertThat(actual.token().id()).isEqualTo(id);
        assertThat(actual.token().logprob()).isCloseTo(logits[id] - Math.log(sum), CLOSE);
        assertThat(actual.token().rank()).isEqualTo(1 + order.indexOf(id));
        assertThat(actual.top()).hasSize(numTop);
        for (int i = 0; i < numTop; i++) {
            TokenLogprob top = actual.top().get(i);
            assertThat(top.id()).isEqualTo(order.get(i));
            assertThat(top.rank()).isEqualTo(i + 1);
            assertThat(top.logprob()).isCloseTo(logits[order.get(i)] - Math.log(sum), CLOSE);
        }
    }

    @Test
    void theyAreTheLogarithmsOfTheSoftmax() {
        for (int numTop : new int[] {0, 1, 5, 20, 300}) {
            var reader = new Logprobs(numTop);
            for (long seed = 0; seed < 20; seed++) {
                float[] logits = logits(300, seed);
                int id = (int) (seed * 7);
                check(reader.of(logits, 0, 300, id), id, numTop, logits);
            }
        }
    }

    @Test
    void theyAreTheModelsOwnWhateverIsDrawnFrom() {
        float[] logits = logits(50, 3);
        var config = new SamplingConfig.Builder()
                .temperature(0.3)
                .topK(10)
                .topP(0.9)
                .repetitionPenalty(1.3)
                .presencePenalty(1)
                .logitBias(7, 5)
                .numLogprobs(4)
                .build();
        Sampler sampler = new Sampler(config, 0, StopTokens.NONE, 1, 2, 3);
        for (int i = 0; i < 20; i++) {
            SampledToken token = sampler.next(logits);
            check(Objects.requireNonNull(token.logprobs()), token.id(), 4, logits);
        }
        assertThat(new Sampler(SamplingConfig.greedy(1)).next(logits).logprobs())
                .isNull();
    }

    @Test
    void aPromptHasThemForEachNextToken() {
        float[] rows = new float[3 * 40];
        for (int row = 0; row < 3; row++) {
            System.arraycopy(logits(40, row), 0, rows, row * 40, 40);
        }
        int[] next = {7, 39, 0};
        List<TokenLogprobs> all = new Logprobs(2).ofRows(rows, 40, next);
        assertThat(all).hasSize(3);
        for (int row = 0; row < 3; row++) {
            check(all.get(row), next[row], 2, Arrays.copyOfRange(rows, row * 40, row * 40 + 40));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Logprobs(2).ofRows(rows, 40, 1, 2))
                .withMessageContaining("a row of 40 for each token: got 120 numbers and 2 tokens");
    }

    @Test
    void largeLogitsDoNotOverflow() {
        TokenLogprobs logprobs = new Logprobs(1).of(new float[] {3e38f, -3e38f, 3e38f}, 0, 3, 2);
        assertThat(logprobs.token()).isEqualTo(new TokenLogprob(2, -Math.log(2), 2));
        assertThat(logprobs.top()).containsExactly(new TokenLogprob(0, -Math.log(2), 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Logprobs(0).of(new float[] {1, Float.NaN}, 0, 2, 0))
                .withMessageContaining("the largest is NaN");
    }
}
