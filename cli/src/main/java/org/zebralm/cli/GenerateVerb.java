package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.generate.Generation;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.generate.TokenLogprob;
import org.zebralm.generate.TokenLogprobs;
import org.zebralm.tokenizer.Tokenizer;
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
            "",
            "What each setting computes, and in which order: docs/generation.md."
        })
final class GenerateVerb implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "MODEL", description = "A model folder, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "PROMPT",
            description = "The text to continue; - reads standard input. Nothing: from the beginning of a document.")
    private @Nullable String prompt;

    @Option(names = "--prompt-file", paramLabel = "FILE", description = "Read the text to continue from a file.")
    private @Nullable Path promptFile;

    @Mixin
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SamplingOptions sampling;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32 or bfloat16 (default: as the weights are stored).")
    private @Nullable String dtype;

    @Option(
            names = "--positions",
            paramLabel = "N",
            description =
                    "How long a context may be (default: what the model was made for). Beyond that only some models"
                            + " keep their sense; one with dynamic rope scaling is scaled for N.")
    private @Nullable Integer positions;

    @Option(names = "--json", description = "Print one JSON object at the end instead of a stream.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        SamplingConfig config = sampling.config(json);
        String text = readPrompt();
        try (var opened = TextModel.open(ModelLocation.find(model), dtype, positions)) {
            int[] ids = opened.encodePrompt(text);
            return json ? printJson(opened, ids, config) : stream(opened, ids, text, config);
        }
    }

    private int stream(TextModel opened, int[] ids, String text, SamplingConfig config) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
        Generation generation = opened.generator().stream(ids, config, token -> {
            out.print(token.text());
            out.flush();
            return !out.checkError(); // whoever reads may have gone
        });
        out.println();
        out.flush();
        PrintWriter err = spec.commandLine().getErr();
        err.println("%d tokens read at %s tok/s, %d written at %s tok/s, cache %s, ended by %s"
                .formatted(
                        generation.promptTokens(),
                        Units.count(generation.prefillTokensPerSecond()),
                        generation.tokens().size(),
                        Units.count(generation.decodeTokensPerSecond()),
                        Units.bytes(generation.cacheBytes()),
                        reason(generation).replace('_', ' ')));
        err.flush();
        return Main.OK;
    }

    private int printJson(TextModel opened, int[] ids, SamplingConfig config) {
        Generation generation = opened.generator().stream(ids, config, _ -> true);
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("text", generation.text());
        var tokens = root.putArray("tokens");
        generation.tokens().forEach(tokens::add);
        root.put("finishReason", reason(generation));
        if (generation.stopString() != null) {
            root.put("stopString", generation.stopString());
        }
        if (config.hasLogprobs()) {
            addLogprobs(root.putArray("logprobs"), generation.logprobs(), opened.tokenizer());
        }
        if (config.promptLogprobs()) {
            addLogprobs(root.putArray("promptLogprobs"), generation.promptLogprobs(), opened.tokenizer());
        }
        root.put("promptTokens", generation.promptTokens());
        root.put("prefillTokensPerSecond", generation.prefillTokensPerSecond());
        root.put("decodeTokensPerSecond", generation.decodeTokensPerSecond());
        root.put("cacheBytes", generation.cacheBytes());
        spec.commandLine().getOut().println(root.toPrettyString());
        spec.commandLine().getOut().flush();
        return Main.OK;
    }

    private static void addLogprobs(ArrayNode array, List<TokenLogprobs> logprobs, Tokenizer tokenizer) {
        for (TokenLogprobs each : logprobs) {
            ObjectNode node = addLogprob(array, each.token(), tokenizer);
            if (!each.top().isEmpty()) {
                ArrayNode top = node.putArray("top");
                each.top().forEach(token -> addLogprob(top, token, tokenizer));
            }
        }
    }

    private static ObjectNode addLogprob(ArrayNode array, TokenLogprob logprob, Tokenizer tokenizer) {
        return array.addObject()
                .put("id", logprob.id())
                .put("text", tokenizer.decode(new int[] {logprob.id()}))
                .put("logprob", logprob.logprob())
                .put("rank", logprob.rank());
    }

    private static String reason(Generation generation) {
        return generation.finishReason().name().toLowerCase(Locale.ROOT);
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
