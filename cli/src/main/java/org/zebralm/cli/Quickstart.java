package org.zebralm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.LoadedModel;
import org.zebralm.data.TokenShard;
import org.zebralm.eval.PerplexityByLength;
import org.zebralm.eval.Scorer;
import org.zebralm.generate.Generation;
import org.zebralm.generate.Generator;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.model.Cost;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tokenizer.Tokenizer;

/// The whole way in one program: text, tokenizer, training, perplexity by context length, a sample, what was
/// saved.
record Quickstart(RunFolder folder, QuickstartSettings settings, Terminal terminal, PrintWriter out) {
    private static final List<Integer> LENGTHS = List.of(256, 512, 1024, 2048);
    private static final int TARGETS = 128;
    private static final int WINDOWS = 24;
    private static final int SAMPLE_TOKENS = 180;
    private static final int PROMPT_TOKENS = 24;

    /// Begins Java documentation, which the default text is full of.
    private static final String JAVA_PROMPT = "    /**\n     * Returns the ";

    /// The time kept for what comes after training, as a share of the whole.
    private static final double AFTERWARDS = 0.07;

    int run() throws IOException {
        long start = System.nanoTime();
        RunSettings run = settings.run();
        AttentionKernel kernel = Machine.attention();
        try (PreparedText text = PreparedText.prepare(folder, run, settings.seed(), terminal);
                var _ = folder.lock();
                var stop = CtrlC.listen("saving the run")) {
            ZebraConfig config = run.model()
                    .config(
                            text.tokenizer().vocabSize(),
                            QuickstartSettings.CONTEXT,
                            text.train().endOfText());
            announce(config, kernel);
            try (var training =
                    new TrainingRun(folder, text, run.packing(), config, run.train(), null, kernel, terminal)) {
                var whole = Duration.ofMillis((long) (settings.minutes() * 60_000 * (1 - AFTERWARDS)));
                boolean finished = training.train(whole.minusNanos(System.nanoTime() - start), stop::pressed);
                if (!finished) {
                    terminal.out()
                            .println("saved      at step %d in %s; the same command goes on from there"
                                    .formatted(training.trainer().step(), folder.root()));
                    return Main.INTERRUPTED;
                }
                training.export();
            }
            finish(text, kernel, start);
        }
        return Main.OK;
    }

    private void announce(ZebraConfig config, AttentionKernel kernel) {
        terminal.out()
                .println("model      %s parameters, attention: %s"
                        .formatted(Units.count((double) new Cost(config).parameters()), kernel.name()));
        terminal.out().print(new StripesPicture(config));
        terminal.out().flush();
    }

    /// Opens what training has left, as any other program would, and measures it.
    private void finish(PreparedText text, AttentionKernel kernel, long start) {
        try (LoadedModel loaded = LoadedModel.open(folder.model(), DType.FLOAT32, kernel);
                var _ = Scope.open()) {
            Zebra zebra = loaded.zebra();
            RunResult result = RunResult.of(folder.metrics());
            out.println();
            out.println("Trained on %s tokens at %s tokens/s: loss %.2f -> %.2f"
                    .formatted(
                            Units.count((double) result.tokens()),
                            Units.count(result.tokensPerSecond()),
                            result.lossFirst(),
                            result.lossLast()));
            out.println();
            out.println("What context is worth, on held-out text:");
            PerplexityByLength perplexity = perplexity(zebra, text.heldOut().getFirst());
            out.println(
                    perplexity == null ? "  (no held-out document is long enough)" : PerplexityTable.of(perplexity));
            out.println();
            out.println("What it writes (temperature 0.8):");
            out.println();
            String sample = sample(zebra, text);
            out.println();
            out.println("What local layers save:");
            Savings savings = Savings.measure(zebra, QuickstartSettings.CONTEXT);
            out.println(savings);
            double seconds = (System.nanoTime() - start) / 1e9;
            new QuickstartSummary(zebra.config(), result, perplexity, savings, sample, seconds).write(folder.summary());
            printNext();
        }
    }

    private @Nullable PerplexityByLength perplexity(Zebra zebra, TokenShard heldOut) {
        List<int[]> documents = new ArrayList<>();
        int longest = 0;
        for (int i = 0; i < heldOut.numDocuments(); i++) {
            int[] ids = new int[(int) heldOut.documentLength(i)];
            heldOut.read(heldOut.documentStart(i), ids.length, ids, 0);
            documents.add(ids);
            longest = Math.max(longest, ids.length);
        }
        int reach = longest;
        List<Integer> lengths =
                LENGTHS.stream().filter(length -> length <= reach).toList();
        return lengths.isEmpty()
                ? null
                : PerplexityByLength.measure(Scorer.of(zebra), documents, lengths, TARGETS, WINDOWS);
    }

    private String sample(Zebra zebra, PreparedText text) {
        Tokenizer tokenizer = text.tokenizer();
        int[] prompt = prompt(text);
        String shown = tokenizer.decode(Arrays.copyOfRange(prompt, 1, prompt.length), true);
        out.print(shown);
        var sampling = new SamplingConfig.Builder()
                .temperature(0.8)
                .topP(0.95)
                .seed(settings.seed())
                .maxTokens(SAMPLE_TOKENS)
                .build();
        Generation generation = new Generator(zebra, List.of(), tokenizer).stream(prompt, sampling, token -> {
            out.print(token.text());
            out.flush();
            return true;
        });
        out.println();
        out.println();
        out.println("(%d tokens at %s tokens/s)"
                .formatted(generation.tokens().size(), Units.count(generation.decodeTokensPerSecond())));
        out.flush();
        return shown + generation.text();
    }

    /// The beginning of a document: Java's own kind where that was trained on, else of the first one held out.
    private int[] prompt(PreparedText text) {
        int beginning = text.train().endOfText();
        int[] ids;
        if (settings.data().isEmpty()) {
            ids = text.tokenizer().encode(JAVA_PROMPT);
        } else {
            TokenShard heldOut = text.heldOut().getFirst();
            ids = new int[(int) Math.min(PROMPT_TOKENS, heldOut.documentLength(0) - 1)];
            heldOut.read(heldOut.documentStart(0), ids.length, ids, 0);
        }
        int[] prompt = new int[ids.length + 1];
        prompt[0] = beginning;
        System.arraycopy(ids, 0, prompt, 1, ids.length);
        return prompt;
    }

    private void printNext() {
        out.println();
        out.println("Left in %s: model/ (Hugging Face layout), loss.svg, metrics.jsonl, summary.json"
                .formatted(folder.root()));
        out.println("Next:");
        out.println("  ./zebra generate %s \"public final class \"".formatted(folder.model()));
        out.println("  ./zebra inspect %s --lengths 2048,32768".formatted(folder.model()));
        out.println("  ./zebra eval perplexity %s YOUR-TEXTS".formatted(folder.model()));
        out.println("  ./zebra quickstart --minutes 20 --data YOUR-TEXTS --out another");
        out.flush();
    }
}
