package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.generate.Generation;
import org.zebralm.generate.Generator;
import org.zebralm.generate.SamplingConfig;
import org.zebralm.generate.TextStream;
import picocli.CommandLine.Command;
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
            "  cat chapter.txt | zebra generate MODEL - --max-tokens 500 --json"
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

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "200",
            description = "Most tokens to write (default: ${DEFAULT-VALUE}).")
    private int maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "T",
            defaultValue = "0.8",
            description = "Randomness; 0 takes the likeliest token (default: ${DEFAULT-VALUE}).")
    private double temperature;

    @Option(names = "--top-k", paramLabel = "K", defaultValue = "0", description = "Draw from the K likeliest; 0: off.")
    private int topK;

    @Option(
            names = "--top-p",
            paramLabel = "P",
            description =
                    "Draw from the likeliest that together have probability P (default: 0.95, off at temperature 0).")
    private @Nullable Double topP;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Decides the draws (default: 0).")
    private long seed;

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
        var sampling = new SamplingConfig(
                temperature, topK, Objects.requireNonNullElse(topP, temperature == 0 ? 1.0 : 0.95), seed, maxTokens);
        String text = readPrompt();
        try (var opened = TextModel.open(ModelLocation.find(model), dtype, positions)) {
            int[] ids = opened.encodePrompt(text);
            return json ? printJson(opened, ids, sampling) : stream(opened, ids, text, sampling);
        }
    }

    private int stream(TextModel opened, int[] ids, String text, SamplingConfig sampling) {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
        var words = new TextStream(opened.tokenizer()).after(ids);
        Generation generation = new Generator(opened.zebra()).generate(ids, sampling, id -> {
            out.print(words.push(id));
            out.flush();
            return !out.checkError(); // whoever reads may have gone
        });
        out.println(words.flush());
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

    private int printJson(TextModel opened, int[] ids, SamplingConfig sampling) {
        Generation generation = new Generator(opened.zebra()).generate(ids, sampling, _ -> true);
        ObjectNode root = new ObjectMapper().createObjectNode();
        var words = new TextStream(opened.tokenizer()).after(ids);
        var text = new StringBuilder();
        generation.tokens().forEach(id -> text.append(words.push(id)));
        root.put("text", text.append(words.flush()).toString());
        var tokens = root.putArray("tokens");
        generation.tokens().forEach(tokens::add);
        root.put("finishReason", reason(generation));
        root.put("promptTokens", generation.promptTokens());
        root.put("prefillTokensPerSecond", generation.prefillTokensPerSecond());
        root.put("decodeTokensPerSecond", generation.decodeTokensPerSecond());
        root.put("cacheBytes", generation.cacheBytes());
        spec.commandLine().getOut().println(root.toPrettyString());
        spec.commandLine().getOut().flush();
        return Main.OK;
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
