package org.zebralm.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.zebralm.generate.EngineConfig;
import org.zebralm.generate.EngineResult;
import org.zebralm.generate.Generation;
import org.zebralm.generate.GenerationRequest;
import org.zebralm.generate.LanguageModel;
import org.zebralm.generate.LiveOutput;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.generate.Submission;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra generate MODEL PROMPT`: continues a text, streaming it as it comes.
@Command(
        description = "Continue a text. The text goes to standard output, figures to standard error.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra generate zebra-quickstart/model \"public final class \"",
            "  zebra generate MODEL --prompt-file chapter.txt --temperature 0",
            "  cat chapter.txt | zebra generate MODEL - --max-tokens 500 --json",
            "  zebra generate MODEL \"Q: Why?\" --stop \"Q:\" --min-p 0.05 --repetition-penalty 1.1",
            "  zebra generate MODEL \"The capital of France is\" --temperature 0 --logprobs 5 --json",
            "  zebra generate MODEL --prompt-file book.txt --save-prefix book.prefix",
            "  zebra generate MODEL \"In short:\" --prefix book.prefix      the book is not read again",
            "",
            "What each setting computes, and in which order: docs/generation.md."
        })
final class GenerateVerb implements Callable<Integer> {
    private static final int MOST_TOKENS = 200;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private ModelOptions model;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CacheOptions cache;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "The text to continue; - reads standard input. Nothing: from the beginning of a document.")
    private @Nullable String prompt;

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "Read the text to continue from a file.")
    private @Nullable Path promptFile;

    @Option(
            names = "--prefix",
            paramLabel = "FILE",
            description = "Go on from a text that --save-prefix saved, which is not computed again; PROMPT follows it.")
    private @Nullable Path prefix;

    @Option(
            names = "--save-prefix",
            paramLabel = "FILE",
            description = "Save what was computed of the prompt, for --prefix.")
    private @Nullable Path savedPrefix;

    @Option(names = "--slide", description = "Leave out the oldest tokens of a prompt that is too long.")
    private boolean slide;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "1",
            description = "Write N texts for the prompt, which is computed once (default: ${DEFAULT-VALUE}).")
    private int samples;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SamplingOptions sampling;

    @Option(
            names = "--logprobs",
            paramLabel = "K",
            description = "With --json: each token's log-probability, and those of the K likeliest at its place.")
    private @Nullable Integer numLogprobs;

    @Option(names = "--prompt-logprobs", description = "With --json: the prompt's as well.")
    private boolean promptLogprobs;

    @Option(names = "--json", description = "Print one JSON object at the end instead of a stream.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        SamplingConfig config = config();
        String text = readPrompt();
        try (LanguageModel opened =
                model.builder().engine(cache.into(engine()).build()).open()) {
            int[] ids = ids(opened, text);
            requireRoom(ids.length, opened.zebra().config().maxPositions());
            Submission submission = opened.submit(GenerationRequest.of(config, ids)
                    .onOverflow(slide ? GenerationRequest.Overflow.SLIDE : GenerationRequest.Overflow.REFUSE));
            if (json) {
                List<EngineResult> results = submission.await();
                spec.commandLine()
                        .getOut()
                        .println(new GenerationJson(config, opened.tokenizer())
                                .of(results)
                                .toPrettyString());
                spec.commandLine().getOut().flush();
            } else {
                stream(submission, text);
                figures(submission.await(), ids.length);
            }
            if (savedPrefix != null) {
                int saved = opened.engine().savePrefix(savedPrefix, ids);
                say("saved %d tokens to %s (%s)".formatted(saved, savedPrefix, Units.bytes(Files.size(savedPrefix))));
            }
        }
        return Main.OK;
    }

    private SamplingConfig config() {
        if (!json && (numLogprobs != null || promptLogprobs)) {
            throw new IllegalArgumentException("--logprobs and --prompt-logprobs show in JSON only: add --json");
        }
        if (numLogprobs != null && numLogprobs < 0) {
            throw new IllegalArgumentException("--logprobs must not be negative: got " + numLogprobs);
        }
        return new SamplingConfig.Builder(sampling.config(MOST_TOKENS))
                .numLogprobs(Objects.requireNonNullElse(numLogprobs, SamplingConfig.NO_LOGPROBS))
                .promptLogprobs(promptLogprobs)
                .numSamples(samples)
                .build();
    }

    private EngineConfig.Builder engine() {
        // A saved prefix is to have every token, whatever the type; there are no other requests to be told apart from.
        return new EngineConfig.Builder()
                .maxRunning(samples)
                .invariance(
                        prefix == null && savedPrefix == null
                                ? EngineConfig.Invariance.AUTO
                                : EngineConfig.Invariance.OFF);
    }

    private int[] ids(LanguageModel opened, String text) {
        if (prefix == null) {
            return opened.encode(text);
        }
        return IntStream.concat(
                        IntStream.of(opened.loadPrefix(prefix)),
                        IntStream.of(opened.tokenizer().encode(text)))
                .toArray();
    }

    private void requireRoom(int length, int positions) {
        if (length >= positions && !slide) {
            throw new IllegalArgumentException(("a prompt must leave room for a token: got %d tokens for a model of %d"
                            + " positions; shorten it, or --slide leaves out its oldest tokens")
                    .formatted(length, positions));
        }
        if (length >= positions && savedPrefix != null) {
            throw new IllegalArgumentException("--save-prefix needs a prompt that fits: got %d tokens for a model of %d"
                            .formatted(length, positions)
                    + " positions; shorten it");
        }
    }

    /// Shows the outputs one after the other; they come about side by side.
    private void stream(Submission submission, String text) {
        PrintWriter out = spec.commandLine().getOut();
        boolean isFirst = true;
        for (LiveOutput output : submission.outputs()) {
            if (!isFirst) {
                out.println("---");
            }
            isFirst = false;
            out.print(text);
            out.flush();
            for (var texts = output.texts(); texts.hasNext(); ) {
                out.print(texts.next());
                out.flush();
                if (out.checkError()) { // whoever reads has gone
                    submission.cancel();
                    return;
                }
            }
            out.println();
            out.flush();
        }
    }

    private void figures(List<EngineResult> results, int promptLength) {
        EngineResult first = results.getFirst();
        Generation generation = first.generation();
        if (generation.promptTokens() < promptLength) {
            say("%d tokens of the prompt were left out: the model has too few positions"
                    .formatted(promptLength - generation.promptTokens()));
        }
        String endings = results.stream()
                .map(result -> GenerationJson.words(result.generation().finishReason()))
                .distinct()
                .reduce((one, other) -> one + ", " + other)
                .orElseThrow();
        int written = results.stream()
                .mapToInt(result -> result.generation().tokens().size())
                .sum();
        say("%d tokens read%s at %s tok/s, %d written at %s tok/s, cache %s, ended by %s"
                .formatted(
                        first.prefix().computed(),
                        reused(first),
                        Units.count(first.prefix().computed() / generation.prefillSeconds()),
                        written,
                        Units.count(results.stream()
                                .mapToDouble(result -> result.generation().decodeTokensPerSecond())
                                .sum()),
                        Units.bytes(generation.cacheBytes()),
                        endings));
    }

    private static String reused(EngineResult result) {
        return result.prefix().reused() == 0
                ? ""
                : " (%d more reused)"
                        .formatted(
                                result.prefix().promptTokens() - result.prefix().computed());
    }

    private void say(String line) {
        spec.commandLine().getErr().println(line);
        spec.commandLine().getErr().flush();
    }

    private String readPrompt() throws IOException {
        if (promptFile != null && prompt != null) {
            throw new IllegalArgumentException("give the text as PROMPT or with --prompt-file, not both");
        }
        if (promptFile != null) {
            return Files.readString(promptFile);
        }
        if ("-".equals(prompt)) {
            return new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        }
        return Objects.requireNonNullElse(prompt, "");
    }
}
