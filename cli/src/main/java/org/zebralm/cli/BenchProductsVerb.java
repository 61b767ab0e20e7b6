package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.zebralm.bench.ProductCase;
import org.zebralm.bench.ProductRow;
import org.zebralm.bench.ProductsBench;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zebra bench products`: the matrix products of decoding.
@Command(
        description = {
            "Time products of few rows with weights in 32, 16, 8 and 4 bits, beside libtorch's, and hold them against"
                    + " what reading memory takes in the same seconds. Prints a row of a Markdown table for each.",
            "Weights are repeated until no cache holds them."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  zebra bench products", "  zebra bench products --shapes 4096x4096 --stored int4 --rows 1,8 --json"
        })
final class BenchProductsVerb implements Callable<Integer> {
    @Option(
            names = "--stored",
            split = ",",
            paramLabel = "TYPE",
            defaultValue = "float32,bfloat16,int8,int4",
            description = "How weights are stored (default: ${DEFAULT-VALUE}).")
    private List<String> stored = new ArrayList<>();

    @Option(
            names = "--shapes",
            split = ",",
            paramLabel = "OUTxIN",
            defaultValue = "2048x2048,5632x2048,2048x5632",
            description = "Outputs and inputs (default: ${DEFAULT-VALUE}, those of 1.1 billion parameters).")
    private List<String> shapes = new ArrayList<>();

    @Option(
            names = "--rows",
            split = ",",
            paramLabel = "N",
            defaultValue = "1,2,4,8,16",
            description = "Rows multiplied at once (default: ${DEFAULT-VALUE}).")
    private List<Integer> rows = new ArrayList<>();

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "7",
            description = "Repetitions, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(names = "--json", description = "Print one JSON object at the end.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        var bench = new ProductsBench(
                stored.stream().map(BenchProductsVerb::stored).toList(),
                shapes.stream().map(BenchProductsVerb::shape).toList(),
                rows,
                repeats,
                3,
                256L << 20);
        PrintWriter out = spec.commandLine().getOut();
        ObjectNode root = new ObjectMapper().createObjectNode();
        root.put("machine", Machine.describe());
        var list = root.putArray("rows");
        if (!json) {
            out.println(Machine.describe());
            out.println();
            out.println("| stored | out x in | rows | by | time | GB/s | of reading |");
            out.println("|---|---|---:|---|---:|---:|---:|");
            out.flush();
        }
        bench.run(row -> {
            if (json) {
                add(list.addObject(), row);
            } else {
                out.println(line(row));
                out.flush();
            }
        });
        if (json) {
            out.println(root.toPrettyString());
            out.flush();
        }
        return Main.OK;
    }

    private static String line(ProductRow row) {
        ProductCase product = row.product();
        return "| %s | %d x %d | %d | %s | %.0f us | %.1f | %.0f%% |"
                .formatted(
                        label(product.stored()),
                        product.out(),
                        product.in(),
                        product.rows(),
                        row.implementation().label(),
                        row.seconds() * 1e6,
                        row.gigabytesPerSecond(),
                        100 * row.bandwidthShare());
    }

    private static void add(ObjectNode node, ProductRow row) {
        node.put("stored", label(row.product().stored()))
                .put("out", row.product().out())
                .put("in", row.product().in())
                .put("rows", row.product().rows())
                .put("by", row.implementation().label())
                .put("seconds", row.seconds())
                .put("gigabytesPerSecond", row.gigabytesPerSecond())
                .put("readGigabytesPerSecond", row.readGigabytesPerSecond())
                .put("bandwidthShare", row.bandwidthShare());
    }

    private static String label(ProductCase.Stored stored) {
        return stored.name().toLowerCase(Locale.ROOT);
    }

    private static ProductCase.Stored stored(String label) {
        for (ProductCase.Stored kind : ProductCase.Stored.values()) {
            if (label(kind).equals(label)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("--stored must be float32, bfloat16, int8 or int4: got " + label);
    }

    private static int[] shape(String text) {
        if (!text.matches("\\d{1,6}x\\d{1,6}")) {
            throw new IllegalArgumentException("a shape must be OUTxIN, such as 2048x5632: got " + text);
        }
        String[] sizes = text.split("x", -1);
        return new int[] {Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1])};
    }
}
