package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ending;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.Cost;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.testing.RandomWeights;
import org.zebralm.testing.Scoped;
import org.zebralm.testing.TinyModels;

@ExtendWith(Scoped.class)
class GeneratorTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(5), local(9));

    private static List<Integer> greedy(Zebra model, int[] prompt, int count) {
        int[] all = prompt.clone();
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            double[] logits = model.forward(all, CumulativeLengths.single(all.length))
                    .narrow(0, all.length - 1, 1)
                    .toDoubles();
            int best = 0;
            for (int id = 1; id < logits.length; id++) {
                best = logits[id] > logits[best] ? id : best;
            }
            tokens.add(best);
            all = Arrays.copyOf(all, all.length + 1);
            all[all.length - 1] = best;
        }
        return tokens;
    }

    @Test
    void greedyTokensEqualThoseOfWholePasses() {
        try (var lifetime = new Lifetime()) {
            for (long seed = 1; seed <= 3; seed++) {
                Zebra model = TinyModels.model(CONFIG, new RandomWeights(seed, DType.FLOAT32, lifetime));
                int[] prompt = ids(CONFIG, 13, seed);
                List<Integer> expected = greedy(model, prompt, 24);
                for (int chunk : new int[] {1, 4, 13, 512}) {
                    Generation generation =
                            new Generator(model, chunk).generate(prompt, SamplingConfig.greedy(24), _ -> true);
                    assertThat(generation.tokens()).isEqualTo(expected);
                    assertThat(generation.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
                }
            }
        }
    }

    @Test
    void tokensStreamAsTheyComeAndTheListenerMayStop() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            int[] prompt = ids(CONFIG, 7, 1);
            List<Integer> seen = new ArrayList<>();
            Generation generation = new Generator(model).generate(prompt, SamplingConfig.greedy(20), token -> {
                seen.add(token);
                return seen.size() < 4;
            });
            assertThat(generation.tokens()).isEqualTo(seen).isEqualTo(greedy(model, prompt, 4));
            assertThat(generation.finishReason()).isEqualTo(FinishReason.STOPPED);
            assertThat(generation.ids())
                    .containsExactly(seen.stream().mapToInt(Integer::intValue).toArray());
        }
    }

    @Test
    void theEndOfSequenceTokenEndsAndIsNotReported() {
        try (var lifetime = new Lifetime()) {
            int[] prompt = ids(CONFIG, 7, 1);
            List<Integer> free = greedy(TinyModels.model(CONFIG, lifetime), prompt, 20);
            int eos = free.get(6);
            int first = free.indexOf(eos);
            Zebra model = TinyModels.model(ending(CONFIG, 512, eos), lifetime);
            Generation generation = new Generator(model).generate(prompt, SamplingConfig.greedy(20), _ -> true);
            assertThat(generation.finishReason()).isEqualTo(FinishReason.END_OF_SEQUENCE);
            assertThat(generation.tokens()).isEqualTo(free.subList(0, first));
        }
    }

    @Test
    void positionsEndTheGenerationWhenTheyAreFull() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(ending(CONFIG, 10, -1), lifetime);
            Generator generator = new Generator(model);
            Generation generation = generator.generate(ids(CONFIG, 7, 1), SamplingConfig.greedy(20), _ -> true);
            assertThat(generation.finishReason()).isEqualTo(FinishReason.MAX_POSITIONS);
            assertThat(generation.tokens()).hasSize(3);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> generator.generate(ids(CONFIG, 10, 1), SamplingConfig.greedy(1), _ -> true))
                    .withMessageContaining("got 10 tokens for a model of 10 positions");
        }
    }

    @Test
    void aPromptOfNothingIsRefused() {
        try (var lifetime = new Lifetime()) {
            Generator generator = new Generator(TinyModels.model(CONFIG, lifetime));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> generator.generate(new int[0], SamplingConfig.greedy(1), _ -> true))
                    .withMessageContaining("at least one token: got none");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Generator(TinyModels.model(CONFIG, lifetime), 0))
                    .withMessageContaining("prefillChunk must be at least 1: got 0");
        }
    }

    @Test
    void aGenerationTellsWhatItTook() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            Generation generation =
                    new Generator(model).generate(ids(CONFIG, 7, 1), new SamplingConfig(1, 20, 0.9, 3, 5), _ -> true);
            assertThat(generation.promptTokens()).isEqualTo(7);
            assertThat(generation.decodeSteps()).isEqualTo(4);
            assertThat(generation.prefillTokensPerSecond()).isPositive();
            assertThat(generation.decodeTokensPerSecond()).isPositive();
            assertThat(generation.cacheBytes()).isEqualTo(new Cost(CONFIG).kvBytes(11, DType.FLOAT32));
            Generation single = new Generator(model).generate(ids(CONFIG, 7, 1), SamplingConfig.greedy(1), _ -> true);
            assertThat(single.decodeTokensPerSecond()).isZero();
        }
    }

    @Test
    void theCallersModeIsRestoredEvenWhenTheListenerFails() {
        try (var lifetime = new Lifetime();
                var _ = Autograd.recording(true)) {
            Zebra model = TinyModels.model(CONFIG, lifetime);
            Generator generator = new Generator(model);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> generator.generate(new int[] {1}, SamplingConfig.greedy(5), _ -> {
                        throw new IllegalArgumentException("no more");
                    }));
            var leaf = model.norm().weight().asLeaf();
            assertThat(leaf.mul(2).requiresGrad()).isTrue();
        }
    }
}
