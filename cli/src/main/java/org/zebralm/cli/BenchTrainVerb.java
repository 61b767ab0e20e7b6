package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.zebralm.bench.TrainBench;
import org.zebralm.bench.TrainCase;
import org.zebralm.bench.TrainRow;
import org.zebralm.bench.TrainSystem;
import org.zebralm.tensor.DType;
import org.zebralm.train.Recompute;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zebra bench train`: a model of 124 million parameters, local-global and all-global, by context length.
@Command(
        description = {
            "Time training of a model of 124 million parameters (12 layers of width 768, 32,000 tokens) on one sequence a"
                    + " step: Zebra (groups of 4, windows of 513) and the same with global layers alone.",
            "MFU is against this machine's own matrix product in the same process, and gives no credit for"
                    + " recomputation. Each row is a process of its own, whose peak memory is shown.",
            "bench/peers/train.py times transformers on the same shapes."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra bench train --lengths 2048,8192",
            "  zebra bench train --lengths 32768 --systems zebra --recompute attention",
            "  zebra bench train --lengths 131072 --steps 1 --warm-up 0 --json"
        })
final class BenchTrainVerb implements Callable<Integer> {
    @Option(
            names = "--lengths",
            split = ",",
            paramLabel = "N",
            defaultValue = "2048,8192,16384,32768",
            description = "Tokens of a sequence (default: ${DEFAULT-VALUE}).")
    private List<Integer> lengths = new ArrayList<>();

    @Option(
            names = "--systems",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "zebra,global",
            description = "zebra, global (default: both).")
    private List<String> systems = new ArrayList<>();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "3",
            description = "Steps of a row, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "2",
            description = "Steps before those (default: ${DEFAULT-VALUE}).")
    private int warmUp;

    @Option(
            names = "--layers",
            paramLabel = "N",
            defaultValue = "12",
            description = "Layers of the model (default: ${DEFAULT-VALUE}).")
    private int layers;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "bfloat16",
            description = "float32, bfloat16 (default: ${DEFAULT-VALUE}).")
    private String dtype = "";

    @Option(
            names = "--recompute",
            paramLabel = "WHAT",
            defaultValue = "AUTO",
            description = "none, attention (all but it), layer, auto (by the memory there is; default).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private Recompute recompute;

    @Option(names = "--json", description = "Print JSON instead of a table.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        List<TrainCase> cases = cases();
        PrintWriter out = spec.commandLine().getOut();
        List<TrainRow> rows;
        boolean finished;
        try (var stop = CtrlC.listen("this row");
                var progress = new ProgressBar(Terminal.stderr(), "bench", cases.size())) {
            long[] done = {0};
            progress.update(0, describe(cases.getFirst()));
            rows = TrainBench.run(
                    cases, (training, _) -> progress.update(++done[0], describe(training)), stop::pressed);
            finished = !stop.pressed();
        }
        if (!rows.isEmpty()) {
            out.println(json ? json(rows) : Machine.describe() + "\n\n" + table(rows));
            out.flush();
        }
        return finished ? Main.OK : Main.INTERRUPTED;
    }

    private List<TrainCase> cases() {
        List<TrainCase> cases = new ArrayList<>();
        for (int length : lengths) {
            for (String system : systems) {
                cases.add(new TrainCase(
                        TrainSystem.parse(system), length, layers, DType.parse(dtype), recompute, steps, warmUp));
            }
        }
        if (cases.isEmpty()) {
            throw new IllegalArgumentException("--lengths and --systems must name at least one of each");
        }
        return cases;
    }

    private static String describe(TrainCase training) {
        return training.system().label() + " " + training.length();
    }

    static Table table(List<TrainRow> rows) {
        var table = new Table(
                "length",
                "system",
                "step",
                "tokens/s",
                "MFU",
                "GEMM GFLOP/s",
                "peak",
                "recomputed",
                "forward",
                "backward",
                "optimizer",
                "of global",
                "FLOPs say");
        for (TrainRow row : rows) {
            double forward = row.times().stream()
                    .mapToDouble(t -> t.forward() / t.total())
                    .average()
                    .orElseThrow();
            double optimizer = row.times().stream()
                    .mapToDouble(t -> t.optimizer() / t.total())
                    .average()
                    .orElseThrow();
            Optional<TrainRow> global = global(rows, row);
            table.row(
                    row.training().length(),
                    row.training().system().label(),
                    Units.seconds(row.seconds()),
                    "%.0f".formatted(row.tokensPerSecond()),
                    "%.0f%%".formatted(100 * row.mfu()),
                    "%.0f".formatted(row.gemmFlops() / 1e9),
                    row.peakBytes() < 0 ? "-" : Units.bytes(row.peakBytes()),
                    row.recompute().name().toLowerCase(Locale.ROOT),
                    "%.0f%%".formatted(100 * forward),
                    "%.0f%%".formatted(100 * (1 - forward - optimizer)),
                    "%.0f%%".formatted(100 * optimizer),
                    global.map(other -> "%.2fx".formatted(other.seconds() / row.seconds()))
                            .orElse("-"),
                    global.map(other -> "%.2fx"
                                    .formatted(other.training().flops()
                                            / row.training().flops()))
                            .orElse("-"));
        }
        return table;
    }

    /// The all-global row beside a local-global one.
    private static Optional<TrainRow> global(List<TrainRow> rows, TrainRow row) {
        return rows.stream()
                .filter(other -> row.training().system() == TrainSystem.ZEBRA
                        && other.training().system() == TrainSystem.GLOBAL
                        && other.training().length() == row.training().length())
                .findFirst();
    }

    private String json(List<TrainRow> rows) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        Machine.describe(root.putObject("machine"));
        root.putObject("settings")
                .put("dtype", dtype)
                .put("layers", layers)
                .put("steps", steps)
                .put("warmUp", warmUp);
        var array = root.putArray("rows");
        for (TrainRow row : rows) {
            ObjectNode node = array.addObject()
                    .put("system", row.training().system().label())
                    .put("length", row.training().length())
                    .put("tokensPerSecond", row.tokensPerSecond())
                    .put("mfu", row.mfu())
                    .put("peakBytes", row.peakBytes())
                    .put("seconds", row.seconds())
                    .put("gemmGflops", row.gemmFlops() / 1e9)
                    .put("recompute", row.recompute().name().toLowerCase(Locale.ROOT))
                    .put("flops", row.training().flops());
            var times = node.putArray("steps");
            row.times()
                    .forEach(t -> times.addObject()
                            .put("data", t.data())
                            .put("forward", t.forward())
                            .put("backward", t.backward())
                            .put("optimizer", t.optimizer()));
        }
        return root.toPrettyString();
    }
}
