package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `zebra report RUN...`: one page with the curves of runs.
@Command(
        description = {
            "Show runs beside each other on one page: losses, perplexity by position, speed, memory, settings.",
            "The page is a single file that needs no network. A run may still be going on."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  zebra report runs/a",
            "  zebra report runs/a runs/b --out compared.html",
            "  zebra report runs/* --json"
        })
final class ReportVerb implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "RUN", description = "Folders of runs, which have a metrics.jsonl.")
    private List<Path> folders = new ArrayList<>();

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description = "The page (default: report.html, in the run's folder if there is one run only).")
    private @Nullable Path out;

    @Option(names = "--json", description = "Print the summary as JSON instead; no page unless --out names one.")
    private boolean json;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public Integer call() {
        if (out != null && Files.isDirectory(out)) {
            throw new IllegalArgumentException("--out names a file: got the folder " + out);
        }
        Report report = Report.of(ReportRun.read(folders));
        PrintWriter writer = spec.commandLine().getOut();
        if (!json || out != null) {
            Path page = out != null ? out : folder().resolve("report.html");
            report.write(page);
            if (!json) {
                describe(report, page, writer);
            }
        }
        if (json) {
            ArrayNode rows = new ObjectMapper().createArrayNode();
            for (int i = 0; i < report.runs().size(); i++) {
                rows.add(report.summaries().get(i).json(report.runs().get(i).name()));
            }
            writer.println(rows.toPrettyString());
        }
        writer.flush();
        return Main.OK;
    }

    private Path folder() {
        return folders.size() == 1 ? folders.getFirst() : Path.of("");
    }

    private static void describe(Report report, Path page, PrintWriter writer) {
        var table = new Table("run", "steps", "tokens", "loss", "held out", "tok/s", "MFU", "memory");
        for (int i = 0; i < report.runs().size(); i++) {
            ReportSummary summary = report.summaries().get(i);
            table.row(
                    report.runs().get(i).name(),
                    summary.result().steps(),
                    Units.count((double) summary.result().tokens()),
                    "%.3f".formatted(summary.result().lossLast()),
                    or(
                            summary.result().validationLoss(),
                            "%.3f".formatted(summary.result().validationLoss())),
                    or(summary.tokensPerSecond(), Units.count(summary.tokensPerSecond())),
                    or(summary.mfu(), Units.percent(summary.mfu())),
                    or(summary.peakBytes(), Units.bytes((long) summary.peakBytes())));
        }
        writer.println(table);
        for (int i = 0; i < report.runs().size(); i++) {
            int malformed = report.summaries().get(i).malformed();
            if (malformed > 0) {
                writer.println("left out   %d lines of %s that cannot be read"
                        .formatted(malformed, report.runs().get(i).folder().resolve("metrics.jsonl")));
            }
        }
        writer.println("page       %s, %s".formatted(page, Units.bytes(size(page))));
    }

    private static String or(double value, String words) {
        return Double.isFinite(value) ? words : "-";
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
