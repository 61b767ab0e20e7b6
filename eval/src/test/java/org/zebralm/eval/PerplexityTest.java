package org.zebralm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.AttentionType;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.FreshParams;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensors;

class PerplexityTest {
    private static final ZebraConfig CONFIG =
            new ZebraConfig(50, 16, 24, 2, 1, 8, AttentionType.grouped(2, 2, 5), 10_000, 1e-5, 64, false, -1, -1, -1);

    @Test
    void everyTokenButADocumentsFirstIsScoredOnce() {
        List<Integer> scored = new ArrayList<>();
        Scorer scorer = (count, ids) -> {
            assertThat(ids.length).isBetween(2, 5);
            assertThat(count).isEqualTo(ids.length - 1);
            float[] losses = new float[count];
            for (int i = 0; i < count; i++) {
                scored.add(ids[i + 1]);
                losses[i] = ids[i + 1];
            }
            return losses;
        };
        int[] a = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        int[] b = {20};
        int[] c = {30, 31, 32, 33, 34};
        Perplexity perplexity = Perplexity.of(scorer, List.of(a, b, c), 5);
        assertThat(scored).containsExactly(2, 3, 4, 5, 6, 7, 8, 9, 10, 31, 32, 33, 34);
        assertThat(perplexity.numTokens()).isEqualTo(13);
        assertThat(perplexity.meanLoss()).isCloseTo((54 + 130) / 13.0, Offset.offset(1e-9));
    }

    @Test
    void aModelThatPrefersNothingHasThePerplexityOfItsVocabulary() {
        try (var lifetime = new Lifetime();
                var _ = Scope.open()) {
            var fresh = new FreshParams(1, lifetime);
            Params.Source uniform = (name, init, shape) -> name.equals("lm_head.weight")
                    ? lifetime.keep(Tensors.zeros(DType.FLOAT32, shape))
                    : fresh.get(name, init, shape);
            Zebra model = Zebra.load(Params.of(uniform), CONFIG, new PortableAttention());
            int[] document = new Random(1).ints(150, 0, 50).toArray();

            Perplexity whole = Perplexity.of(Scorer.of(model), List.of(document), 64);
            assertThat(whole.perplexity()).isCloseTo(50, Offset.offset(1e-4));
            assertThat(whole.numTokens()).isEqualTo(149);

            var byLength = PerplexityByLength.measure(Scorer.of(model), List.of(document), List.of(16, 64), 8, 4);
            assertThat(byLength.numWindows()).isEqualTo(2);
            for (var row : byLength.rows()) {
                assertThat(row.perplexity()).isCloseTo(50, Offset.offset(1e-4));
                assertThat(row.standardError()).isZero();
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Perplexity.of(Scorer.of(model), List.of(document), 65))
                    .withMessageContaining("64 positions: got 65 tokens");
        }
    }

    @Test
    void nothingToScoreIsRefused() {
        Scorer scorer = (count, _) -> new float[count];
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Perplexity.of(scorer, List.of(new int[] {1}, new int[0]), 8))
                .withMessageContaining("got 2 documents, none that long");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Perplexity.of(scorer, List.of(new int[] {1, 2}), 1))
                .withMessageContaining("length must be at least 2");
    }
}
