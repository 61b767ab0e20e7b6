package org.zebralm.bench;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.zebralm.generate.SampledToken;
import org.zebralm.generate.Sampler;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.generate.StopTokens;

/// JMH's view of drawing a token: microseconds by vocabulary and settings.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@State(Scope.Benchmark)
public class SamplerBenchmark {
    private static final int HISTORY = 2000;

    /// Which settings are on.
    public enum Settings {
        GREEDY,
        TEMPERATURE,
        TOP_K,
        TOP_P,
        MIN_P,
        ALL,
        GREEDY_LOGPROBS;

        SamplingConfig config() {
            var config = new SamplingConfig.Builder().temperature(0.8);
            return switch (this) {
                case GREEDY -> config.temperature(0).build();
                case TEMPERATURE -> config.build();
                case TOP_K -> config.topK(50).build();
                case TOP_P -> config.topP(0.95).build();
                case MIN_P -> config.minP(0.05).build();
                case ALL ->
                    config.topK(50)
                            .topP(0.95)
                            .minP(0.02)
                            .repetitionPenalty(1.1)
                            .presencePenalty(0.2)
                            .frequencyPenalty(0.1)
                            .build();
                case GREEDY_LOGPROBS -> config.temperature(0).numLogprobs(5).build();
            };
        }
    }

    @Param({"32000", "128256", "262144"})
    public int vocabulary = 32_000;

    @Param
    public Settings settings = Settings.GREEDY;

    private float[] logits = new float[0];
    private Sampler sampler = new Sampler(Settings.GREEDY.config());

    /// Draws logits as wide as a trained model's, and a history for the penalties.
    @Setup
    public void prepare() {
        var random = new Random(1);
        logits = new float[vocabulary];
        for (int id = 0; id < vocabulary; id++) {
            logits[id] = (float) (2.5 * random.nextGaussian());
        }
        int[] history = random.ints(HISTORY, 0, vocabulary).toArray();
        sampler = new Sampler(settings.config(), 0, StopTokens.NONE, history);
    }

    @Benchmark
    public SampledToken next() {
        return sampler.next(logits);
    }
}
