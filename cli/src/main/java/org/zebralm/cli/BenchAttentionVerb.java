package org.zebralm.cli;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.zebralm.bench.AttentionBench;
import org.zebralm.bench.BenchSettings;
import org.zebralm.bench.HeadShape;
import org.zebralm.bench.Implementation;
import org.zebralm.bench.MachineRates;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Torch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zebra bench attention`: our attention beside libtorch's, global and local, over lengths.
@Command(
        description = {
            "Time attention, global and within a window: Zebra's kernels and libtorch's scaled_dot_product_attention in"
                    + " turn, in this process.",
            "GFLOP/s count 4 x pairs x head width per head forward and 10 x backward, over the pairs attended to. They"
                    + " stand beside this machine's own float32 matrix product (GEMM), decoding beside its memory's read"
                    + " rate between its repetitions.",
            "libtorch knows no window: it gets a float32 mask, if that takes at most 1 GiB. A row one call of which would"
                    + " take longer than --limit is skipped. All lengths take an hour or two on 2 cores; close other programs."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra bench attention --lengths 1024,4096",
            "  zebra bench attention --pass decode --dtype bfloat16 --kv-heads 4",
            "  zebra bench attention --implementation zebra --json > attention.json"
        })
final class BenchAttentionVerb implements Callable<Integer> {
    @Option(
            names = "--lengths",
            split = ",",
            paramLabel = "N",
            defaultValue = "1024,2048,4096,8192,16384,32768,65536",
            description = "Tokens; decoding, keys of the cache (default: ${DEFAULT-VALUE}).")
    private List<Integer> lengths = new ArrayList<>();

    @Option(
            names = "--window",
            paramLabel = "N",
            defaultValue = "513",
            description = "Keys a local query sees, itself included (default: ${DEFAULT-VALUE}).")
    private int window;

    @Option(
            names = "--heads",
            paramLabel = "N",
            defaultValue = "12",
            description = "Query heads (default: ${DEFAULT-VALUE}).")
    private int heads;

    @Option(names = "--kv-heads", paramLabel = "N", description = "Key-value heads (default: as many).")
    private @Nullable Integer kvHeads;

    @Option(
            names = "--head-dim",
            paramLabel = "N",
            defaultValue = "64",
            description = "Width of a head (default: ${DEFAULT-VALUE}).")
    private int headDim;

    @Option(
            names = "--dtype",
            split = ",",
            paramLabel = "TYPE",
            defaultValue = "float32,bfloat16",
            description = "float32, bfloat16 (default: both).")
    private List<String> dtypes = new ArrayList<>();

    @Option(
            names = "--pass",
            split = ",",
            paramLabel = "PASS",
            defaultValue = "forward,forward+backward,decode",
            description = "forward, forward+backward, decode (default: all).")
    private List<String> passes = new ArrayList<>();

    @Option(
            names = "--implementation",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "zebra,torch",
            description = "zebra, torch; portable, Zebra's without the Vector API (default: zebra,torch).")
    private List<String> implementations = new ArrayList<>();

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "5",
            description = "Repetitions of a row, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            defaultValue = "1.5",
            description = "Least time of unmeasured calls before a row (default: ${DEFAULT-VALUE}).")
    private double warmUp;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            defaultValue = "300",
            description =
                    "Skip a row one call of which would take longer; a row that would take longer than this in all"
                            + " is repeated less often (default: ${DEFAULT-VALUE}).")
    private double limit;

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            defaultValue = "attention.svg",
            description = "Where the plot of time against length goes, as SVG (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Path plot;

    @Option(names = "--json", description = "Print JSON instead of tables.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    private final Supplier<MachineRates> measureRates;

    BenchAttentionVerb() {
        this(MachineRates::measure);
    }

    /// `measureRates` is asked for the machine's bounds before the rows and after them.
    BenchAttentionVerb(Supplier<MachineRates> measureRates) {
        this.measureRates = measureRates;
    }

    @Override
    public Integer call() {
        BenchSettings settings = settings();
        requireWritable(plot);
        PrintWriter out = spec.commandLine().getOut();
        if (!json) {
            out.println(Machine.describe());
            out.println("attention  %d query heads, %d key-value heads of %d; window %d"
                    .formatted(heads, settings.heads().numKvHeads(), headDim, window));
            out.flush();
        }
        MachineRates before = measureRates.get();
        List<Row> rows;
        boolean finished;
        try (var stop = CtrlC.listen("after this call");
                var progress = new ProgressBar(Terminal.stderr(), "bench", settings.numRows())) {
            long[] done = {0};
            rows = new AttentionBench(settings).run(row -> progress.update(++done[0], describe(row)), stop::pressed);
            finished = !stop.pressed();
            if (!rows.isEmpty()) {
                print(settings, rows, before.max(measureRates.get()), out);
            }
        }
        return finished ? Main.OK : Main.INTERRUPTED;
    }

    private BenchSettings settings() {
        return new BenchSettings(
                lengths,
                window,
                new HeadShape(heads, Objects.requireNonNullElse(kvHeads, heads), headDim),
                each(dtypes, DType::parse),
                each(passes, Pass::parse),
                each(implementations, Implementation::parse),
                repeats,
                warmUp,
                limit);
    }

    private static <T> List<T> each(List<String> labels, Function<String, T> parse) {
        return labels.stream().map(parse).toList();
    }

    /// A plot that cannot be written is an error now, not after an hour.
    private static void requireWritable(Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder) || Files.isDirectory(file)) {
            throw new IllegalArgumentException(
                    "the plot needs a folder that can be written to: got " + file + "; name another with --plot FILE");
        }
    }

    private static String describe(Row row) {
        return "%s %s %s %d %s"
                .formatted(
                        row.attention().dtype().label(),
                        row.attention().pass().label(),
                        row.attention().kind(),
                        row.attention().length(),
                        row.implementation().label());
    }

    private void print(BenchSettings settings, List<Row> rows, MachineRates rates, PrintWriter out) {
        if (json) {
            out.println(new AttentionJson(settings, rows, rates));
        } else {
            out.println("rates      float32 GEMM %.0f GFLOP/s, memory read %.1f GB/s"
                    .formatted(rates.gemmGflops(), rates.readGigabytesPerSecond()));
            out.println();
            out.println(new AttentionTables(settings, rows, rates));
            out.println();
            out.println("plot       " + plot);
        }
        out.flush();
        String subtitle = "%s, %d threads; %d query heads, %d key-value heads of %d"
                .formatted(
                        Machine.cpu(),
                        Torch.numThreads(),
                        heads,
                        settings.heads().numKvHeads(),
                        headDim);
        new AttentionPlot(rows, subtitle).write(plot);
    }
}
