package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.ending;
import static org.zebralm.testing.TinyModels.ids;
import static org.zebralm.testing.TinyModels.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.cache.PrefixUse;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.testing.RandomWeights;

class EngineTest {
    private static final ZebraConfig CONFIG = config(GLOBAL, local(20), local(7), GLOBAL);
    private static final EngineConfig EXACT_REUSE = new EngineConfig.Builder()
            .cacheBytes(64 << 20)
            .invariance(EngineConfig.Invariance.OFF)
            .build();

    private final Lifetime lifetime = new Lifetime();

    @SuppressWarnings("NullAway.Init") // set before each test
    private Zebra model;

    @BeforeEach
    void load() {
        model = model(CONFIG, 1);
    }

    private Zebra model(ZebraConfig config, int seed) {
        try (var _ = Scope.open()) {
            return Zebra.load(
                    Params.of(new RandomWeights(seed, DType.FLOAT32, lifetime)),
                    config,
                    AttentionKernels.forDevice(Device.CPU));
        }
    }

    @AfterEach
    void free() {
        lifetime.close();
    }

    private List<Integer> alone(Zebra model, int[] prompt, SamplingConfig sampling) {
        return new Generator(model).stream(prompt, sampling, _ -> true).tokens();
    }

    @Test
    void manyThreadsGetWhatEachWouldGetAlone() throws Exception {
        try (var engine = new Engine(model, EXACT_REUSE);
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<List<Integer>>> answers = new ArrayList<>();
            for (int i = 0; i < 24; i++) {
                int[] prompt = ids(CONFIG, 20 + 7 * (i % 9), i % 5);
                answers.add(threads.submit(() -> {
                    List<Integer> tokens = new ArrayList<>();
                    engine.submit(GenerationRequest.of(SamplingConfig.greedy(12), prompt))
                            .output()
                            .forEachRemaining(token -> tokens.add(token.id()));
                    return tokens;
                }));
            }
            for (int i = 0; i < 24; i++) {
                assertThat(answers.get(i).get())
                        .isEqualTo(alone(model, ids(CONFIG, 20 + 7 * (i % 9), i % 5), SamplingConfig.greedy(12)));
            }
            EngineStats stats = engine.stats();
            assertThat(stats.requests()).isEqualTo(24);
            assertThat(stats.generatedTokens()).isEqualTo(24 * 12);
            assertThat(stats.reuseShare()).isPositive();
            assertThat(stats.failures()).isZero();
        }
    }

    @Test
    void samplesShareOnePrefillAndDifferByTheirDraws() {
        SamplingConfig sampling =
                new SamplingConfig.Builder().seed(5).numSamples(4).maxTokens(9).build();
        int[] prompt = ids(CONFIG, 100, 1);
        try (var engine = new Engine(model, EXACT_REUSE)) {
            List<EngineResult> results =
                    engine.submit(GenerationRequest.of(sampling, prompt)).await();
            int computed = 0;
            for (int sample = 0; sample < 4; sample++) {
                assertThat(results.get(sample).generation().tokens())
                        .isEqualTo(new Generator(model)
                                .stream(prompt, sampling, sample, _ -> true).tokens());
                computed += results.get(sample).prefix().computed();
            }
            assertThat(computed).isEqualTo(100 + 3);
            assertThat(results.stream().map(one -> one.generation().tokens()).distinct())
                    .hasSizeGreaterThan(1);
        }
    }

    @Test
    void aRequestTellsWhatWasReusedAndWhyNoMore() {
        int[] prompt = ids(CONFIG, 90, 1);
        SamplingConfig greedy = SamplingConfig.greedy(5);
        try (var engine = new Engine(model, EXACT_REUSE)) {
            EngineResult first =
                    engine.submit(GenerationRequest.of(greedy, prompt)).output().await();
            assertThat(first.prefix()).isEqualTo(new PrefixUse(90, 0, 0, 0, PrefixUse.Limit.EMPTY));
            // The conversation goes on: prompt, answer without its last token (whose keys nobody computed), ten more.
            int[] turn = Arrays.copyOf(prompt, 105);
            for (int i = 0; i < 5; i++) {
                turn[90 + i] = first.generation().tokens().get(i);
            }
            EngineResult second =
                    engine.submit(GenerationRequest.of(greedy, turn)).output().await();
            assertThat(second.prefix()).isEqualTo(new PrefixUse(105, 94, 94, 0, PrefixUse.Limit.ENDS));
            assertThat(second.generation().tokens()).isEqualTo(alone(model, turn, greedy));
            SamplingConfig scored =
                    new SamplingConfig.Builder(greedy).promptLogprobs(true).build();
            EngineResult third =
                    engine.submit(GenerationRequest.of(scored, turn)).output().await();
            assertThat(third.prefix().limit()).isEqualTo(PrefixUse.Limit.LOGPROBS);
            assertThat(third.generation().promptLogprobs()).hasSize(104);
            engine.clearPrefixes();
            assertThat(engine.stats().usedBytes()).isZero();
        }
    }

    @Test
    void invariantResultsAreTheSameToTheBitWhateverElseRuns() {
        var invariant = new EngineConfig.Builder().cacheBytes(64 << 20).build();
        SamplingConfig sampling = new SamplingConfig.Builder()
                .seed(3)
                .maxTokens(20)
                .numLogprobs(0)
                .build();
        int[] prompt = ids(CONFIG, 300, 1);
        List<TokenLogprobs> quiet;
        try (var engine = new Engine(model, invariant)) {
            assertThat(engine.isInvariant()).isTrue();
            quiet = engine.submit(GenerationRequest.of(sampling, prompt))
                    .output()
                    .await()
                    .generation()
                    .logprobs();
        }
        try (var engine = new Engine(model, invariant)) {
            List<Submission> others = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                others.add(engine.submit(GenerationRequest.of(sampling, ids(CONFIG, 40 + 60 * i, i % 3 + 1))));
            }
            EngineResult busy = engine.submit(GenerationRequest.of(sampling, prompt))
                    .output()
                    .await();
            others.forEach(Submission::await);
            assertThat(busy.generation().logprobs()).isEqualTo(quiet);
            EngineResult again = engine.submit(GenerationRequest.of(sampling, prompt))
                    .output()
                    .await();
            assertThat(again.prefix().reused()).isEqualTo(256);
            assertThat(again.generation().logprobs()).isEqualTo(quiet);
        }
    }

    @Test
    void cancelledAndLateOutputsKeepWhatTheyHave() throws Exception {
        SamplingConfig endless = SamplingConfig.greedy(400);
        try (var engine = new Engine(model, EXACT_REUSE)) {
            LiveOutput output = engine.submit(GenerationRequest.of(endless, ids(CONFIG, 10, 1)))
                    .output();
            output.next();
            output.next();
            output.cancel();
            EngineResult result = output.result().get(20, TimeUnit.SECONDS);
            assertThat(result.generation().finishReason()).isEqualTo(FinishReason.STOPPED);
            assertThat(result.generation().tokens())
                    .hasSizeBetween(2, 399)
                    .isEqualTo(alone(model, ids(CONFIG, 10, 1), SamplingConfig.greedy(400))
                            .subList(0, result.generation().tokens().size()));
            EngineResult late = engine.submit(
                            GenerationRequest.of(endless, ids(CONFIG, 10, 2)).within(Duration.ofNanos(1)))
                    .output()
                    .await();
            assertThat(late.generation().finishReason()).isEqualTo(FinishReason.DEADLINE);
            assertThat(late.generation().tokens()).isEmpty();
        }
    }

    @Test
    void aSubscriberGetsAsManyTokensAsItAsksFor() throws Exception {
        int[] prompt = ids(CONFIG, 30, 1);
        List<Integer> seen = new ArrayList<>();
        var done = new CountDownLatch(1);
        try (var engine = new Engine(model, EXACT_REUSE)) {
            LiveOutput output = engine.submit(GenerationRequest.of(SamplingConfig.greedy(8), prompt))
                    .output();
            output.publisher().subscribe(new Flow.Subscriber<>() {
                private Flow.@Nullable Subscription subscription;

                @Override
                public void onSubscribe(Flow.Subscription given) {
                    subscription = given;
                    given.request(2);
                }

                @Override
                public void onNext(OutputToken token) {
                    seen.add(token.id());
                    if (seen.size() % 2 == 0 && subscription != null) {
                        subscription.request(2);
                    }
                }

                @Override
                public void onError(Throwable failure) {
                    done.countDown();
                }

                @Override
                public void onComplete() {
                    done.countDown();
                }
            });
            assertThat(done.await(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(seen).isEqualTo(alone(model, prompt, SamplingConfig.greedy(8)));
    }

    @Test
    void whatCannotBeDoneIsRefusedForThatRequestAlone() {
        Zebra small = model(ending(CONFIG, 100, -1), 1);
        SamplingConfig greedy = SamplingConfig.greedy(20);
        try (var engine =
                new Engine(small, new EngineConfig.Builder().cacheBytes(60_000).build())) {
            LiveOutput good = engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 10, 1)))
                    .output();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 100, 1))))
                    .withMessageContaining("got 100 tokens for a model of 100 positions");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.submit(GenerationRequest.of(greedy, ids(CONFIG, 90, 1))))
                    .withMessageContaining("bytes of a budget of 60000; shorten it");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> engine.submit(GenerationRequest.of(greedy, 1, 61)))
                    .withMessageContaining("got 61 with a vocabulary of 61");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> GenerationRequest.of(greedy))
                    .withMessageContaining("at least one token");
            assertThat(good.await().generation().tokens()).isEqualTo(alone(small, ids(CONFIG, 10, 1), greedy));
        }
    }

    @Test
    void aPromptThatIsTooLongSlidesIfAsked() {
        Zebra small = model(ending(CONFIG, 100, -1), 1);
        SamplingConfig greedy = SamplingConfig.greedy(20);
        int[] prompt = ids(CONFIG, 150, 1);
        int[] slid = Arrays.copyOfRange(prompt, 70, 150);
        slid[0] = prompt[0];
        try (var engine = new Engine(small, EXACT_REUSE)) {
            EngineResult result = engine.submit(
                            GenerationRequest.of(greedy, prompt).onOverflow(GenerationRequest.Overflow.SLIDE))
                    .output()
                    .await();
            assertThat(result.generation().promptTokens()).isEqualTo(80);
            assertThat(result.generation().tokens()).isEqualTo(alone(small, slid, greedy));
        }
    }

    @Test
    void requestsBeyondTheQueueAreRefused() {
        EngineConfig tight = new EngineConfig.Builder()
                .cacheBytes(64 << 20)
                .maxRunning(1)
                .maxWaiting(2)
                .build();
        SamplingConfig endless = SamplingConfig.greedy(400);
        try (var engine = new Engine(model, tight)) {
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 50; i++) {
                            engine.submit(GenerationRequest.of(endless, ids(CONFIG, 10, i)));
                        }
                    })
                    .isInstanceOf(EngineBusyException.class)
                    .hasMessageContaining("no more than 2 requests may wait");
        }
    }

    @Test
    void logitsThatAreNoNumbersFailTheirRequestAlone() {
        Zebra poisoned = model(CONFIG, 1);
        try (var _ = Scope.open()) {
            poisoned.embedding().weight().narrow(0, 60, 1).mulInPlace(Double.NaN);
        }
        int[] clean = new int[] {5, 9, 17, 2, 33};
        SamplingConfig greedy = new SamplingConfig.Builder()
                .temperature(0)
                .maxTokens(30)
                .logitBias(60, -100)
                .build();
        try (var engine = new Engine(poisoned, EXACT_REUSE)) {
            LiveOutput good = engine.submit(GenerationRequest.of(greedy, clean)).output();
            LiveOutput bad = engine.submit(GenerationRequest.of(greedy, 5, 60)).output();
            assertThatThrownBy(bad::await)
                    .isInstanceOf(GenerationException.class)
                    .hasMessageContaining("logits must be below infinity");
            assertThat(good.await().generation().tokens()).isEqualTo(alone(poisoned, clean, greedy));
            assertThat(engine.stats().failures()).isEqualTo(1);
        }
    }

    @Test
    void closingEndsWhatRunsAndRefusesWhatComes() {
        var engine = new Engine(model, EXACT_REUSE);
        LiveOutput output = engine.submit(GenerationRequest.of(SamplingConfig.greedy(450), ids(CONFIG, 10, 1)))
                .output();
        output.next();
        engine.close();
        assertThatThrownBy(output::await)
                .isInstanceOf(GenerationException.class)
                .hasMessageContaining("the engine was closed");
        assertThatIllegalStateException()
                .isThrownBy(() -> engine.submit(GenerationRequest.of(SamplingConfig.greedy(1), 1)))
                .withMessageContaining("closed");
        assertThat(engine.stats().usedBytes()).isZero();
    }

    @Test
    void aPrefixGoesToDiskAndComesBack(@TempDir Path folder) throws Exception {
        int[] document = ids(CONFIG, 333, 1);
        int[] prompt = Arrays.copyOf(document, 350);
        SamplingConfig greedy = SamplingConfig.greedy(8);
        for (@Nullable DType dtype : new DType[] {null, DType.INT8}) {
            Path file = folder.resolve("document.prefix");
            var settings = new EngineConfig.Builder()
                    .cacheBytes(64 << 20)
                    .cacheDType(dtype)
                    .invariance(EngineConfig.Invariance.OFF)
                    .build();
            List<Integer> expected;
            try (var engine = new Engine(model, settings)) {
                assertThat(engine.savePrefix(file, document)).isEqualTo(333);
                expected = engine.submit(GenerationRequest.of(greedy, prompt))
                        .output()
                        .await()
                        .generation()
                        .tokens();
            }
            try (var engine = new Engine(model, settings)) {
                assertThat(engine.loadPrefix(file)).isEqualTo(333);
                EngineResult result = engine.submit(GenerationRequest.of(greedy, prompt))
                        .output()
                        .await();
                assertThat(result.prefix()).isEqualTo(new PrefixUse(350, 333, 333, 0, PrefixUse.Limit.ENDS));
                assertThat(result.generation().tokens()).isEqualTo(expected);
            }
            try (var engine = new Engine(model(CONFIG, 2), settings)) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> engine.loadPrefix(file))
                        .withMessageContaining("a prefix of another model");
            }
        }
        Path wrong = Files.writeString(folder.resolve("wrong"), "no prefix at all");
        try (var engine = new Engine(model, EXACT_REUSE)) {
            assertThatIllegalArgumentException().isThrownBy(() -> engine.loadPrefix(wrong));
        }
    }
}
