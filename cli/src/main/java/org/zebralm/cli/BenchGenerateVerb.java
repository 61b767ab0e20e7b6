package org.zebralm.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.zebralm.bench.GenerateBench;
import org.zebralm.bench.GenerateModel;
import org.zebralm.bench.GeneratePhase;
import org.zebralm.bench.GenerateRow;
import org.zebralm.bench.GenerateSettings;
import org.zebralm.bench.GenerateSystem;
import org.zebralm.bench.RandomModel;
import org.zebralm.bench.SharedRequests;
import org.zebralm.bench.WeightQuantization;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.generate.EngineConfig;
import org.zebralm.tensor.DType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra bench generate`: the engine's prompts, decoding, concurrent requests and second turns.
@Command(
        description = {
            "Time the inference engine: prompts from nothing (prefill), one sequence's tokens (decode), requests that share"
                    + " a beginning (concurrent), and the first token of a second turn (second-turn). Prompts are random"
                    + " ids, decoding is greedy, medians count.",
            "Systems are one model with different layers: zebra (groups of 4, windows of 513), global (every layer), own (as"
                    + " it is). Their repetitions take turns in this process; 'of global' stands beside what the"
                    + " arithmetic (prefill) or the bytes read (decode) say.",
            "Decoding is held against the rate at which memory was read before and after each repetition: the bytes are all"
                    + " matrices as they are stored, and the keys and values that a token sees.",
            "Rows appear as they come, progress on standard error. All rows of 1.1 billion parameters take an hour or"
                    + " more on 2 cores; close other programs. bench/peers times llama.cpp and Jlama by the same definitions."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra bench generate --random 20m --prompt-lengths 512 --depths 128 --turn-depth 512",
            "  zebra bench generate --random 1.1b --phases decode --depths 128,4096",
            "  zebra bench generate MODEL --positions 32768 --systems zebra,global --json > generate.json"
        })
final class BenchGenerateVerb implements Callable<Integer> {
    private static final String NEEDS_ONE = "weights come from a MODEL or from --random SIZE: got ";

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "A model folder or file, or the id of a cached one; or --random.")
    private @Nullable String model;

    @Option(
            names = "--random",
            paramLabel = "SIZE",
            description = "Weights drawn in memory: 20m, 1.1b (TinyLlama's shape with 32,768 positions).")
    private @Nullable String random;

    @Option(
            names = "--systems",
            split = ",",
            paramLabel = "NAME",
            description = "zebra, global, own (default: own of a MODEL; zebra,global of random weights).")
    private List<String> systems = new ArrayList<>();

    @Option(
            names = "--quantization",
            paramLabel = "TYPE",
            defaultValue = "none",
            description =
                    "What matrices are stored as: none, int8, int4, int4:64, int4:128 (groups; default: ${DEFAULT-VALUE}).")
    private String quantization = "";

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "float32, bfloat16 (default: as a MODEL is stored; random weights bfloat16).")
    private @Nullable String dtype;

    @Option(
            names = "--positions",
            paramLabel = "N",
            description = "How long a MODEL's context may be (default: what it was made for).")
    private @Nullable Integer positions;

    @Option(
            names = "--phases",
            split = ",",
            paramLabel = "PHASE",
            defaultValue = "prefill,second-turn,decode,concurrent",
            description = "prefill, second-turn, decode, concurrent (default: all).")
    private List<String> phases = new ArrayList<>();

    @Option(
            names = "--prompt-lengths",
            split = ",",
            paramLabel = "N",
            defaultValue = "512,4096,16384",
            description = "Tokens of prompts computed from nothing (default: ${DEFAULT-VALUE}).")
    private List<Integer> promptLengths = new ArrayList<>();

    @Option(
            names = "--depths",
            split = ",",
            paramLabel = "N",
            defaultValue = "128,4096,16384",
            description = "Tokens in the cache before decoding (default: ${DEFAULT-VALUE}).")
    private List<Integer> depths = new ArrayList<>();

    @Option(
            names = "--tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "Tokens decoded at each depth (default: ${DEFAULT-VALUE}).")
    private int tokens;

    @Option(
            names = "--concurrency",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,8",
            description = "Requests under way at a time; 1 is one after the other (default: ${DEFAULT-VALUE}).")
    private List<Integer> concurrency = new ArrayList<>();

    @Option(
            names = "--requests",
            paramLabel = "N",
            defaultValue = "8",
            description = "Requests in all (default: ${DEFAULT-VALUE}).")
    private int requests;

    @Option(
            names = "--input",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of each request's prompt (default: ${DEFAULT-VALUE}).")
    private int input;

    @Option(
            names = "--shared",
            paramLabel = "N",
            defaultValue = "384",
            description = "Tokens that all those prompts begin with (default: ${DEFAULT-VALUE}).")
    private int shared;

    @Option(
            names = "--output",
            paramLabel = "N",
            defaultValue = "128",
            description = "Tokens written for each request (default: ${DEFAULT-VALUE}).")
    private int output;

    @Option(
            names = "--turn-depth",
            paramLabel = "N",
            defaultValue = "16384",
            description = "Tokens of the first turn (default: ${DEFAULT-VALUE}).")
    private int turnDepth;

    @Option(
            names = "--turn-tokens",
            paramLabel = "N",
            defaultValue = "64",
            description = "New tokens of the second (default: ${DEFAULT-VALUE}).")
    private int turnTokens;

    @Option(
            names = "--chunk",
            paramLabel = "N",
            defaultValue = "512",
            description = "Tokens of a prompt computed at a time (default: ${DEFAULT-VALUE}).")
    private int chunk;

    @Option(
            names = "--mixed-chunk",
            paramLabel = "N",
            defaultValue = "128",
            description = "The same while others are decoded (default: ${DEFAULT-VALUE}).")
    private int mixedChunk;

    @Option(
            names = "--cache-dtype",
            paramLabel = "TYPE",
            description = "What keys and values are stored as: int8 (default: the model's type).")
    private @Nullable String cacheDType;

    @Option(
            names = "--cache",
            paramLabel = "MIB",
            defaultValue = "0",
            description = "The cache's most MiB, of each system; 0 is half of the memory available (default: 0).")
    private long cacheMebibytes;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "Repetitions of a row, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Least time of unmeasured work before the first row (default: ${DEFAULT-VALUE}).")
    private double warmUp;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            defaultValue = "900",
            description =
                    "Leave out a row one repetition of which would take longer, by what shorter ones took; a row that"
                            + " would take longer than this in all is repeated less often (default: ${DEFAULT-VALUE}).")
    private double limit;

    @Option(names = "--json", description = "Print JSON at the end; rows go to standard error meanwhile.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        GenerateSettings settings = settings();
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        List<GenerateRow> rows = new ArrayList<>();
        try (var stop = CtrlC.listen("after this repetition");
                var weights = openWeights()) {
            PrintWriter shown = json ? err : out;
            var lines = new GenerateLines(weights, settings);
            var bench = new GenerateBench(
                    weights,
                    settings,
                    row -> {
                        rows.add(row);
                        println(shown, lines.of(row));
                    },
                    line -> println(err, line),
                    stop::pressed);
            println(shown, lines.head());
            bench.run();
            if (json) {
                println(out, new GenerateJson(weights, settings, rows).toString());
            } else {
                lines.besideGlobal(rows).ifPresent(table -> println(out, "\n" + table));
            }
            return stop.pressed() ? Main.INTERRUPTED : Main.OK;
        }
    }

    private static void println(PrintWriter writer, String line) {
        writer.println(line);
        writer.flush();
    }

    private GenerateModel openWeights() {
        WeightQuantization stored = WeightQuantization.parse(quantization);
        DType type = dtype == null ? null : DType.parse(dtype);
        if (model != null && random != null) {
            throw new IllegalArgumentException(NEEDS_ONE + "both");
        }
        if (model != null) {
            return GenerateModel.open(ModelLocation.find(model), type, positions, stored);
        }
        if (random == null) {
            throw new IllegalArgumentException(NEEDS_ONE + "neither");
        }
        if (positions != null) {
            throw new IllegalArgumentException("--positions is a MODEL's: random ones have 32768");
        }
        return GenerateModel.random(
                RandomModel.parse(random), Objects.requireNonNullElse(type, DType.BFLOAT16), stored);
    }

    private GenerateSettings settings() {
        List<String> usual = random == null ? List.of("own") : List.of("zebra", "global");
        EngineConfig engine = new EngineConfig.Builder()
                .cacheBytes(Math.multiplyExact(cacheMebibytes, 1L << 20))
                .cacheDType(cacheDType == null ? null : DType.parse(cacheDType))
                .prefillChunk(chunk)
                .mixedChunk(mixedChunk)
                .maxRunning(Math.max(requests, 1))
                .maxWaiting(Math.max(requests, 256))
                .invariance(EngineConfig.Invariance.OFF)
                .build();
        return new GenerateSettings(
                each(systems.isEmpty() ? usual : systems, GenerateSystem::parse),
                each(phases, GeneratePhase::parse),
                promptLengths,
                depths,
                tokens,
                concurrency,
                new SharedRequests(requests, input, shared, output),
                turnDepth,
                turnTokens,
                repeats,
                warmUp,
                limit,
                engine);
    }

    private static <T> List<T> each(List<String> labels, Function<String, T> parse) {
        return labels.stream().map(parse).toList();
    }
}
