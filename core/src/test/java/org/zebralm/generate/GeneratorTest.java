package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ending;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
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
import org.zebralm.tokenizer.TinyTokenizers;
import org.zebralm.tokenizer.Tokenizer;

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
            Generation generation = new Generator(model)
                    .generate(
                            ids(CONFIG, 7, 1),
                            new SamplingConfig.Builder()
                                    .topK(20)
                                    .topP(0.9)
                                    .seed(3)
                                    .maxTokens(5)
                                    .build(),
                            _ -> true);
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

    /// Draws from the logits of whole passes, with a sampler of its own: what cache and chunks must not change.
    private static List<Integer> drawn(Zebra model, int[] prompt, SamplingConfig sampling, int sample) {
        Sampler sampler = new Sampler(sampling, sample, StopTokens.NONE, prompt);
        int[] all = prompt.clone();
        List<Integer> tokens = new ArrayList<>();
        for (int i = 0; i < sampling.maxTokens(); i++) {
            int id = sampler.next(logits(model, all, all.length - 1)).id();
            tokens.add(id);
            all = Arrays.copyOf(all, all.length + 1);
            all[all.length - 1] = id;
        }
        return tokens;
    }

    private static float[] logits(Zebra model, int[] ids, int row) {
        return model.forward(ids, CumulativeLengths.single(ids.length))
                .narrow(0, row, 1)
                .toFloats();
    }

    @Test
    void samplesAreThoseOfWholePassesWithAllSettings() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(ending(CONFIG, 512, -1), lifetime);
            int[] prompt = ids(CONFIG, 11, 2);
            var sampling = new SamplingConfig.Builder()
                    .temperature(1.3)
                    .topK(20)
                    .topP(0.95)
                    .minP(0.01)
                    .repetitionPenalty(1.2)
                    .presencePenalty(0.3)
                    .frequencyPenalty(0.2)
                    .logitBias(3, 2)
                    .seed(9)
                    .maxTokens(20)
                    .numSamples(3)
                    .build();
            Generator generator = new Generator(model, 4);
            List<List<Integer>> samples = new ArrayList<>();
            for (int sample = 0; sample < 3; sample++) {
                Generation generation = generator.stream(prompt, sampling, sample, _ -> true);
                assertThat(generation.tokens()).isEqualTo(drawn(model, prompt, sampling, sample));
                samples.add(generation.tokens());
            }
            assertThat(samples).doesNotHaveDuplicates();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> generator.generate(prompt, sampling, _ -> true))
                    .withMessageContaining("numSamples must be 1 for one output: got 3");
        }
    }

    @Test
    void logprobsAreThoseOfWholePasses() {
        try (var lifetime = new Lifetime()) {
            Zebra model = TinyModels.model(ending(CONFIG, 512, -1), lifetime);
            int[] prompt = ids(CONFIG, 11, 2);
            var sampling = new SamplingConfig.Builder()
                    .maxTokens(6)
                    .numLogprobs(2)
                    .promptLogprobs(true)
                    .build();
            for (int chunk : new int[] {1, 4, 512}) {
                Generation generation = new Generator(model, chunk).generate(prompt, sampling, _ -> true);
                int[] all = Arrays.copyOf(prompt, prompt.length + 6);
                System.arraycopy(generation.ids(), 0, all, prompt.length, 6);
                List<TokenLogprobs> logprobs = new ArrayList<>(generation.promptLogprobs());
                logprobs.addAll(generation.logprobs());
                assertThat(logprobs).hasSize(all.length - 1);
                for (int row = 0; row < logprobs.size(); row++) {
                    float[] logits = logits(model, all, row);
                    double sum = 0;
                    for (float logit : logits) {
                        sum += Math.exp(logit);
                    }
                    TokenLogprobs actual = logprobs.get(row);
                    assertThat(actual.token().id()).isEqualTo(all[row + 1]);
                    assertThat(actual.token().logprob())
                            .isCloseTo(logits[all[row + 1]] - Math.log(sum), Offset.offset(1e-4));
                    assertThat(actual.top()).hasSize(2);
                }
            }
        }
    }

    @Test
    void furtherEndTokensAndStopStringsEndTheText(@TempDir Path folder) {
        try (var lifetime = new Lifetime();
                Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            Zebra model = TinyModels.model(ending(CONFIG, 512, -1), lifetime);
            int[] prompt = ids(CONFIG, 7, 1);
            List<Integer> free = greedy(model, prompt, 20);
            int end = free.get(9);
            Generation ended =
                    new Generator(model, List.of(end), tokenizer).stream(prompt, SamplingConfig.greedy(20), _ -> true);
            assertThat(ended.finishReason()).isEqualTo(FinishReason.END_OF_SEQUENCE);
            assertThat(ended.tokens()).isEqualTo(free.subList(0, free.indexOf(end)));
            var ignoring = new SamplingConfig.Builder(SamplingConfig.greedy(20))
                    .ignoreEos(true)
                    .build();
            Generator generator = new Generator(model, List.of(end), tokenizer);
            assertThat(generator.stream(prompt, ignoring, _ -> true).tokens()).isEqualTo(free);

            // All ids are ASCII characters here; the stop string is some of those of the free text.
            String text = tokenizer.decode(free.stream().mapToInt(id -> id).toArray());
            String stop = text.substring(12, 15);
            var stopping = new SamplingConfig.Builder(ignoring)
                    .stopStrings(List.of(stop))
                    .build();
            var shown = new StringBuilder();
            Generation stopped = generator.stream(prompt, stopping, token -> {
                shown.append(token.text());
                return true;
            });
            assertThat(stopped.finishReason()).isEqualTo(FinishReason.STOP_STRING);
            assertThat(stopped.stopString()).isEqualTo(stop);
            assertThat(stopped.text())
                    .isEqualTo(text.substring(0, text.indexOf(stop)))
                    .isEqualTo(shown.toString());
            assertThat(stopped.tokens()).isEqualTo(free.subList(0, text.indexOf(stop) + 3));
        }
    }
}
