package org.zebralm.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.zebralm.generate.Engine;
import org.zebralm.model.Zebra;

/// One system with an engine of its own, that runs the cases of a benchmark.
final class GenerateContender implements AutoCloseable {
    private static final int WARM_UP_PROMPT = 512;
    private static final int WARM_UP_TOKENS = 16;

    private final GenerateSystem system;
    private final GenerateSettings settings;
    private final GenerateWork work;
    private final Engine engine;
    private final int vocabSize;
    /// Seconds to the first token by length of a prompt computed from nothing; the last of each length.
    private final Map<Integer, Double> prefills = new HashMap<>();

    private int longestPrefill;
    private int warmUpLength = 1;
    private double secondsPerToken;
    /// Tokens of stream 0 that the cache has.
    private int filled;

    GenerateContender(GenerateSystem system, GenerateModel model, GenerateSettings settings) {
        this.system = system;
        this.settings = settings;
        Zebra zebra = model.zebra(system);
        vocabSize = zebra.config().vocabSize();
        work = new GenerateWork(
                zebra.config(),
                WeightQuantization.matrixBytes(zebra),
                Objects.requireNonNullElse(settings.engine().cacheDType(), model.dtype()));
        engine = new Engine(zebra, settings.engine());
    }

    GenerateSystem system() {
        return system;
    }

    Engine engine() {
        return engine;
    }

    /// Computes prompts and decodes until `seconds` are over, once at least.
    void warmUp(double seconds) {
        long start = System.nanoTime();
        warmUpLength = Math.clamp(work.config().maxPositions() - WARM_UP_TOKENS, 1, WARM_UP_PROMPT);
        do {
            TimedOutput output = fromNothing(warmUpLength, WARM_UP_TOKENS);
            secondsPerToken = output.decodeSeconds() / (WARM_UP_TOKENS - 1);
        } while ((System.nanoTime() - start) / 1e9 < seconds);
    }

    private TimedOutput fromNothing(int length, int tokens) {
        forget();
        TimedOutput output = continued(length, tokens);
        prefills.put(length, output.firstTokenSeconds());
        longestPrefill = Math.max(longestPrefill, length);
        filled = length;
        return output;
    }

    private void forget() {
        engine.clearPrefixes();
        filled = 0;
    }

    private TimedOutput continued(int length, int tokens) {
        return TimedOutput.read(engine, tokens, PromptIds.of(0, 0, length, vocabSize));
    }

    /// Returns the seconds to compute a prompt from nothing, by what the longest so far took; 0 before any.
    private double expectedPrefill(int length) {
        Double measured = prefills.get(longestPrefill);
        return measured == null ? 0 : measured * work.prefillFlops(length) / work.prefillFlops(longestPrefill);
    }

    /// Returns the seconds that [#prepare] may take.
    double expectedPreparation(GenerateCase timed) {
        return switch (timed.phase()) {
            case PREFILL, CONCURRENT -> 0;
            case SECOND_TURN, DECODE -> filled >= timed.depth() ? 0 : expectedPrefill(timed.depth());
        };
    }

    /// Returns the seconds that [#run] may take.
    double expected(GenerateCase timed) {
        return switch (timed.phase()) {
            case PREFILL -> expectedPrefill(timed.depth());
            case SECOND_TURN -> 0; // a fraction of its preparation
            case DECODE ->
                timed.tokens() * secondsPerToken * work.bytesPerToken(timed.depth()) / work.bytesPerToken(warmUpLength);
            case CONCURRENT -> {
                SharedRequests requests = settings.requests();
                double whole = expectedPrefill(requests.input());
                double share = (double) (requests.input() - requests.shared()) / requests.input();
                yield whole * (1 + (requests.count() - 1) * share)
                        + requests.count() * requests.output() * secondsPerToken / timed.concurrency();
            }
        };
    }

    /// Does what comes before the repetitions of a case, unmeasured.
    void prepare(GenerateCase timed) {
        switch (timed.phase()) {
            case PREFILL -> {}
            case SECOND_TURN -> fill(timed.depth());
            case DECODE -> {
                fill(timed.depth());
                continued(timed.depth(), Math.min(timed.tokens(), WARM_UP_TOKENS) + 1);
            }
            case CONCURRENT -> {
                forget();
                concurrent(timed.concurrency(), Math.min(settings.requests().output(), WARM_UP_TOKENS));
            }
        }
    }

    private void fill(int length) {
        if (filled < length) {
            fromNothing(length, 1);
        }
    }

    /// Runs one repetition of a case that was prepared.
    GenerateSample run(GenerateCase timed, int repetition) {
        return switch (timed.phase()) {
            case PREFILL -> {
                TimedOutput output = fromNothing(timed.depth(), 1);
                yield sample(output, output.firstTokenSeconds(), Double.NaN);
            }
            case SECOND_TURN -> {
                TimedOutput output = secondTurn(timed, repetition);
                requireReused(timed, timed.depth(), output);
                yield sample(output, output.firstTokenSeconds(), Double.NaN);
            }
            case DECODE -> {
                // The first token comes of the prompt's last; each step then finds one more in the cache.
                TimedOutput output = continued(timed.depth(), timed.tokens() + 1);
                requireReused(timed, timed.depth() - 1, output);
                yield sample(output, output.decodeSeconds(), timed.tokens() / output.decodeSeconds());
            }
            case CONCURRENT -> {
                forget();
                TimedOutputs outputs =
                        concurrent(timed.concurrency(), settings.requests().output());
                yield new GenerateSample(
                        outputs.seconds(),
                        outputs.firstTokenSeconds(),
                        outputs.decodeTokensPerSecond(),
                        outputs.reusedTokens(),
                        outputs.recomputedTokens(),
                        Double.NaN);
            }
        };
    }

    private TimedOutput secondTurn(GenerateCase timed, int repetition) {
        int[] ids = PromptIds.of(0, 0, timed.depth() + timed.tokens(), vocabSize);
        int[] turn = PromptIds.of(1 + repetition, 0, timed.tokens(), vocabSize);
        System.arraycopy(turn, 0, ids, timed.depth(), turn.length);
        return TimedOutput.read(engine, 1, ids);
    }

    private TimedOutputs concurrent(int concurrency, int tokens) {
        SharedRequests requests = settings.requests();
        return TimedOutputs.read(
                requests.count(),
                concurrency,
                request -> TimedOutput.read(engine, tokens, requests.prompt(request, vocabSize)));
    }

    private static GenerateSample sample(TimedOutput output, double seconds, double decodeTokensPerSecond) {
        return new GenerateSample(
                seconds,
                output.firstTokenSeconds(),
                decodeTokensPerSecond,
                output.prefix().reused(),
                output.prefix().recomputed(),
                Double.NaN);
    }

    /// What the cache gave up in the meantime would be computed within the time of others.
    private static void requireReused(GenerateCase timed, int length, TimedOutput output) {
        if (output.prefix().reused() < length) {
            throw new IllegalArgumentException(
                    "%s at %d must find %d tokens in the cache: got %d, as %s; give it more bytes"
                            .formatted(
                                    timed.phase().label(),
                                    timed.depth(),
                                    length,
                                    output.prefix().reused(),
                                    output.prefix().limit().reason()));
        }
    }

    /// Returns the row of a case's samples; a second turn is compared with the median of prefills.
    GenerateRow.Measured finish(GenerateCase timed, List<GenerateSample> samples) {
        double amount = switch (timed.phase()) {
            case PREFILL -> work.prefillFlops(timed.depth());
            case DECODE -> work.bytesPerToken(timed.depth() + timed.tokens() / 2);
            case SECOND_TURN, CONCURRENT -> Double.NaN;
        };
        double firstTurn = timed.phase() == GeneratePhase.SECOND_TURN
                ? Objects.requireNonNullElse(prefills.get(timed.depth()), Double.NaN)
                : Double.NaN;
        var row = new GenerateRow.Measured(system, timed, samples, amount, firstTurn, settings.repeats());
        if (timed.phase() == GeneratePhase.PREFILL) {
            prefills.put(timed.depth(), row.seconds());
        }
        return row;
    }

    @Override
    public void close() {
        engine.close();
    }
}
