package org.zebralm.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.zebralm.bench.LoadBench;
import org.zebralm.checkpoint.ModelLocation;
import org.zebralm.tensor.DType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra bench load`: opening a model, in time and memory.
@Command(
        description = {
            "Time opening a model beside reading its files, and show the memory it takes that no file backs. Files are in"
                    + " the system's cache. Prints a row of a Markdown table.",
            "bench/peers/load.py makes a model of 1.1 billion random parameters to use, as safetensors, .bin and GGUF."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  zebra bench load MODEL", "  zebra bench load MODEL --dtype float32 --no-header"})
final class BenchLoadVerb implements Callable<Integer> {
    @Parameters(paramLabel = "MODEL", description = "A model folder or file, or the id of a cached one.")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String model;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            defaultValue = "bfloat16",
            description = "What the weights are wanted in (default: ${DEFAULT-VALUE}).")
    @SuppressWarnings("NullAway.Init") // set by picocli
    private String dtype;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "5",
            description = "Runs, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    @Option(names = "--no-header", description = "Leave out the table's head, for all rows but the first.")
    private boolean noHeader;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        Path path = ModelLocation.find(model);
        LoadBench.Result result = new LoadBench(path, DType.parse(dtype), repeats).run();
        PrintWriter out = spec.commandLine().getOut();
        if (!noHeader) {
            out.println(Machine.describe());
            out.println();
            out.println("| model | as | files | reading | opening | touching | ratio | RssAnon | peak | of weights |");
            out.println("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        }
        out.println("| %s | %s | %s | %.2f s | %.2f s | %.2f s | %.2f | %s | %s | %.2f |"
                .formatted(
                        path.getFileName(),
                        dtype,
                        Units.bytes(result.fileBytes()),
                        result.readSeconds(),
                        result.openSeconds(),
                        result.touchSeconds(),
                        (result.openSeconds() + result.touchSeconds()) / result.readSeconds(),
                        Units.bytes(Math.max(0, result.anonymousBytes())),
                        Units.bytes(Math.max(0, result.peakAnonymousBytes())),
                        (double) result.peakAnonymousBytes() / result.weightBytes()));
        out.flush();
        return Main.OK;
    }
}
