package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zebralm.bench.TokenizerBench;
import org.zebralm.bench.TokenizerBench.Result;
import org.zebralm.data.SplitPattern;
import org.zebralm.data.TextFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra bench tokenizer`: training a tokenizer and encoding text by it, beside the Rust library.
@Command(
        description = {
            "Time training a tokenizer on a text, and encoding a part of the text to a token shard: as Zebra does, and by"
                    + " the Rust library through DJL. Text is read into memory first.",
            "bench/peers/tokenizer.py times Python's tokenizers on the same files, and builds a folder of text to use."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra bench tokenizer texts/",
            "  zebra bench tokenizer texts/ --vocab-size 32000 --json > tokenizer.json"
        })
final class BenchTokenizerVerb implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "TEXT", description = "Files and folders of text, plain or .gz.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private List<Path> texts;

    @Option(
            names = "--vocab-size",
            paramLabel = "N",
            defaultValue = "32000",
            description = "Tokens to train (default: ${DEFAULT-VALUE}).")
    private int vocabSize;

    @Option(
            names = "--pattern",
            paramLabel = "NAME",
            defaultValue = "LLAMA3",
            description = "gpt2, gpt4, llama3 (default: llama3).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private SplitPattern pattern;

    @Option(
            names = "--encode-megabytes",
            paramLabel = "N",
            defaultValue = "20",
            description = "About how much of the text to encode: every k-th document (default: ${DEFAULT-VALUE}).")
    private long encodeMegabytes;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "Runs of each, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(names = "--json", description = "Print JSON instead of a table.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        var bench = new TokenizerBench(pattern, vocabSize, encodeMegabytes * 1_000_000, repeats);
        TextFiles source = TextFiles.of(texts);
        List<Result> results = new ArrayList<>();
        try (var stop = CtrlC.listen("after this run");
                var progress = new ProgressBar(Terminal.stderr(), "bench", TokenizerBench.Task.values().length)) {
            bench.run(
                    source,
                    result -> {
                        results.add(result);
                        progress.update(results.size(), result.task().label());
                    },
                    stop::pressed);
            if (stop.pressed()) {
                return Main.INTERRUPTED;
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(json ? json(results) : table(results));
        out.flush();
        return Main.OK;
    }

    private static String table(List<Result> results) {
        var table = new Table("task", "system", "time", "best", "MB/s", "text", "tokens");
        for (Result result : results) {
            table.row(
                    result.task().label(),
                    result.task().system(),
                    "%.2f s".formatted(result.seconds()),
                    "%.2f s".formatted(result.bestSeconds()),
                    "%.1f".formatted(result.megabytesPerSecond()),
                    "%.1f MB".formatted(result.bytes() / 1e6),
                    result.tokens());
        }
        return Machine.describe() + "\n\n" + table;
    }

    private String json(List<Result> results) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        Machine.describe(root.putObject("machine"));
        root.putObject("settings")
                .put("pattern", pattern.name().toLowerCase(Locale.ROOT))
                .put("vocabSize", vocabSize)
                .put("encodeMegabytes", encodeMegabytes);
        var rows = root.putArray("rows");
        for (Result result : results) {
            rows.addObject()
                    .put("task", result.task().label())
                    .put("system", result.task().system())
                    .put("seconds", result.seconds())
                    .put("bestSeconds", result.bestSeconds())
                    .put("megabytesPerSecond", result.megabytesPerSecond())
                    .put("bytes", result.bytes())
                    .put("tokens", result.tokens())
                    .put("repeats", result.repeats());
        }
        return root.toPrettyString();
    }
}
