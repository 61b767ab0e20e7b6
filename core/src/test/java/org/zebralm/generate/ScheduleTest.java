package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.local;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.zebralm.cache.PagePool;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.DecodePass;
import org.zebralm.model.PageLayout;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.RandomWeights;

/// Random schedules against the naive generator: whoever came when, shared what, was cancelled beside whom, in whatever
/// chunks and with however little memory, each output is what it is alone.
class ScheduleTest {
    private static final List<ZebraConfig> CONFIGS = List.of(
            config(GLOBAL, local(20), local(7), GLOBAL),
            config(local(33), GLOBAL, local(33)),
            config(GLOBAL, GLOBAL),
            config(local(9), local(18)));

    private static final SamplingConfig SAMPLING = new SamplingConfig.Builder()
            .temperature(0)
            .maxTokens(10)
            .numLogprobs(2)
            .build();

    @Test
    void outputsAreThoseOfTheNaiveGenerator() {
        run(1, 150);
    }

    @Test
    @Tag("slow")
    void outputsAreThoseOfTheNaiveGeneratorThousandsOfTimes() {
        run(2, 4000);
    }

    private static void run(long seed, int schedules) {
        var random = new Random(seed);
        try (var lifetime = new Lifetime()) {
            List<Alone> models = new ArrayList<>();
            for (ZebraConfig config : CONFIGS) {
                try (var _ = Scope.open()) {
                    models.add(new Alone(Zebra.load(
                            Params.of(new RandomWeights(models.size() + 1, DType.FLOAT32, lifetime)),
                            config,
                            AttentionKernels.forDevice(Device.CPU))));
                }
            }
            int ties = 0;
            int compared = 0;
            int reused = 0;
            for (int i = 0; i < schedules; i++) {
                var schedule = new Schedule(models.get(random.nextInt(models.size())), random);
                schedule.play();
                ties += schedule.ties;
                compared += schedule.compared;
                reused += schedule.reused;
            }
            models.forEach(alone -> alone.decodePass.orElseThrow().close());
            assertThat(compared).isGreaterThan(2 * schedules);
            assertThat(reused).isGreaterThan(20 * schedules);
            assertThat(ties).isLessThan(compared / 100 + 2);
        }
    }

    /// What a model writes for a prompt that has the machine to itself.
    private static final class Alone {
        final Zebra model;
        final Optional<DecodePass> decodePass;
        private final Generator generator;
        private final Map<List<Integer>, Generation> known = new HashMap<>();

        /// All prompts so far, which later ones begin like.
        final List<int[]> prompts = new ArrayList<>();

        Alone(Zebra model) {
            this.model = model;
            generator = new Generator(model);
            decodePass = DecodePass.of(model, 16, false);
        }

        Generation of(int... prompt) {
            return known.computeIfAbsent(
                    Arrays.stream(prompt).boxed().toList(), _ -> generator.stream(prompt, SAMPLING, _ -> true));
        }
    }

    private static final class Schedule {
        private final Alone alone;
        private final Random random;
        private final EngineLoop loop;
        private final PagePool pool;
        private final List<EngineSequence> sequences = new ArrayList<>();
        private final Set<EngineSequence> cancelled = new HashSet<>();
        int ties;
        int compared;
        int reused;

        Schedule(Alone alone, Random random) {
            this.alone = alone;
            this.random = random;
            ZebraConfig config = alone.model.config();
            boolean isInvariant = random.nextInt(3) == 0;
            int grid = isInvariant ? 32 : 1;
            EngineConfig settings = new EngineConfig.Builder()
                    .prefillChunk(1 + random.nextInt(60))
                    .mixedChunk(1 + random.nextInt(20))
                    .maxRunning(1 + random.nextInt(6))
                    .windowInterval(random.nextBoolean() ? 0 : 48)
                    .reusesPrefixes(random.nextInt(8) > 0)
                    .build();
            PageLayout layout = PageLayout.of(config, DType.FLOAT32);
            long least = EngineLoop.mostBytes(layout, 220, 60);
            pool = new PagePool(layout, random.nextBoolean() ? 100 * least : least + random.nextLong(2 * least));
            // Not closed: the pass is the model's.
            var steps = new ModelSteps(alone.model, random.nextInt(4) == 0 ? Optional.empty() : alone.decodePass);
            loop = new EngineLoop(steps, settings, pool, grid);
        }

        void play() {
            int requests = 1 + random.nextInt(7);
            try (var _ = Autograd.recording(false)) {
                while (sequences.size() < requests || loop.hasWork()) {
                    while (sequences.size() < requests && random.nextInt(3) == 0) {
                        submit();
                    }
                    if (random.nextInt(12) == 0 && !sequences.isEmpty()) {
                        EngineSequence victim = sequences.get(random.nextInt(sequences.size()));
                        victim.live().cancel();
                        cancelled.add(victim);
                    }
                    loop.turn();
                    assertThat(pool.used()).isLessThanOrEqualTo(pool.budget());
                }
            }
            assertThat(pool.pinned()).isZero();
            sequences.forEach(this::compare); // first: a failure tells its cause
            assertThat(loop.stats().failures()).isZero();
            loop.close();
            assertThat(pool.used()).isZero();
        }

        private void submit() {
            int[] prompt = prompt();
            alone.prompts.add(prompt);
            var sequence = new EngineSequence(
                    new LiveOutput(() -> {}),
                    SAMPLING,
                    new Sampler(SAMPLING, 0, StopTokens.NONE, prompt),
                    new TextOutput(
                            null,
                            SAMPLING,
                            StopTokens.NONE,
                            alone.model.config().maxPositions(),
                            prompt),
                    System.nanoTime(),
                    Long.MAX_VALUE,
                    prompt);
            sequences.add(sequence);
            loop.submit(sequence);
        }

        /// A prompt that repeats, extends, cuts or changes an earlier one, or begins afresh.
        private int[] prompt() {
            int vocabSize = alone.model.config().vocabSize();
            if (alone.prompts.isEmpty() || random.nextInt(8) == 0) {
                return random.ints(1 + random.nextInt(180), 0, vocabSize).toArray();
            }
            // Mostly one of this schedule's: what its cache may have.
            int[] base = !sequences.isEmpty() && random.nextInt(5) > 0
                    ? sequences.get(random.nextInt(sequences.size())).prompt()
                    : alone.prompts.get(random.nextInt(alone.prompts.size()));
            if (random.nextInt(3) == 0) { // a conversation goes on
                Generation answer = alone.of(base);
                int[] longer = Arrays.copyOf(
                        base, Math.min(200, base.length + answer.tokens().size()));
                for (int i = base.length; i < longer.length; i++) {
                    longer[i] = answer.tokens().get(i - base.length);
                }
                base = longer;
            }
            int kept = 1 + random.nextInt(base.length);
            int length = Math.min(200, kept + random.nextInt(40));
            int[] prompt = Arrays.copyOf(base, length);
            for (int i = kept; i < length; i++) {
                prompt[i] = random.nextInt(vocabSize);
            }
            return prompt;
        }

        private void compare(EngineSequence sequence) {
            EngineResult result = sequence.live().await();
            Generation actual = result.generation();
            if (cancelled.contains(sequence)) {
                assertThat(actual.finishReason()).isIn(FinishReason.STOPPED, FinishReason.MAX_TOKENS);
            } else {
                assertThat(actual.finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
                assertThat(actual.tokens()).hasSize(SAMPLING.maxTokens());
            }
            assertThat(result.prefix().computed()).isBetween(1, 2 * sequence.promptLength());
            reused += result.prefix().reused();
            Generation expected = alone.of(sequence.prompt());
            for (int i = 0; i < actual.tokens().size(); i++) {
                TokenLogprobs there = expected.logprobs().get(i);
                List<TokenLogprob> top = there.top();
                if (top.get(0).logprob() - top.get(1).logprob() < 1e-4) {
                    ties++; // either is right, and all that follows depends on it
                    break;
                }
                assertThat(actual.tokens().get(i)).isEqualTo(expected.tokens().get(i));
                assertThat(actual.logprobs().get(i).token().logprob())
                        .isCloseTo(there.token().logprob(), within(1e-4));
                compared++;
            }
        }
    }
}
