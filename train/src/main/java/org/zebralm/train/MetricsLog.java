package org.zebralm.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import org.zebralm.checkpoint.AtomicFile;

/// What a run reported, one JSON object a line, each with its `step` and the `time` it was written. Numbers
/// that are not finite are null.
///
/// | line | has |
/// |---|---|
/// | a start or resumption | `start` (true), `parameters`, `compute`, `gemmFlops`, `machine` |
/// | a step | `loss`, `gradientNorm`, `learningRate`, `tokens`, `seconds`, `tokensPerSecond`, `mfu`, `peakBytes`,
/// `dataSeconds`, `forwardSeconds`, `backwardSeconds`, `optimizerSeconds`; `skipped` (true) if it changed nothing |
/// | a validation | `validationLoss`, `validationPerplexity`, `byPosition`: ranges `from`, `to` (not included) with
/// `loss`, `perplexity`, `tokens` |
/// | a checkpoint | `saved`: its file's name, `bytes`, `seconds`; or `notSaved`: why it could not be written |
public final class MetricsLog implements TrainListener, AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final BufferedWriter writer;
    private final InstantSource clock;
    private double gemmFlops = Double.NaN;

    private MetricsLog(BufferedWriter writer, InstantSource clock) {
        this.writer = writer;
        this.clock = clock;
    }

    /// Opens a log for a run that stands at `step`; lines of later steps, which an interrupted run left, are
    /// dropped.
    public static MetricsLog open(Path path, int step) {
        return open(path, step, InstantSource.system());
    }

    static MetricsLog open(Path path, int step, InstantSource clock) {
        try {
            if (Files.exists(path)) {
                var kept = new StringBuilder();
                MetricsReader.read(path, line -> {
                    if (line.get("step").asInt() <= step) {
                        kept.append(line).append(System.lineSeparator());
                    }
                });
                // A run interrupted just here must not lose what it has reported.
                AtomicFile.write(path, kept.toString().getBytes(StandardCharsets.UTF_8));
            }
            return new MetricsLog(
                    Files.newBufferedWriter(path, StandardOpenOption.CREATE, StandardOpenOption.APPEND), clock);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void onStart(RunStart start) {
        gemmFlops = start.gemmFlops();
        ObjectNode line = line(start.step());
        line.put("start", true);
        line.put("parameters", start.parameters());
        line.put("compute", start.compute().label());
        put(line, "gemmFlops", start.gemmFlops());
        line.put("machine", start.machine());
        append(line);
    }

    @Override
    public void onStep(StepReport report) {
        ObjectNode line = line(report.step());
        line.put("tokens", report.tokens());
        put(line, "seconds", report.seconds());
        Scalar.of(report, gemmFlops).forEach(scalar -> put(line, scalar.key(), scalar.value()));
        StepReport.Skip skip = report.skip();
        if (skip != null) {
            line.put("skipped", true);
            line.put("reason", skip.reason());
            line.put("batch", skip.firstBatch());
        }
        append(line);
    }

    @Override
    public void onValidation(int step, Validation validation) {
        ObjectNode line = line(step);
        put(line, "validationLoss", validation.loss());
        put(line, "validationPerplexity", validation.perplexity());
        var ranges = line.putArray("byPosition");
        for (Validation.Range range : validation.byPosition()) {
            ObjectNode node = ranges.addObject().put("from", range.from()).put("to", range.to());
            put(node, "loss", range.loss());
            put(node, "perplexity", range.perplexity());
            node.put("tokens", range.tokens());
        }
        append(line);
    }

    @Override
    public void onSaved(SaveReport report) {
        ObjectNode line = line(report.step());
        line.put("saved", String.valueOf(report.file().getFileName()));
        line.put("bytes", report.bytes());
        put(line, "seconds", report.seconds());
        append(line);
    }

    @Override
    public void onNotSaved(int step, String reason) {
        append(line(step).put("notSaved", reason));
    }

    private ObjectNode line(int step) {
        return JSON.createObjectNode()
                .put("step", step)
                .put("time", clock.instant().toString());
    }

    private static void put(ObjectNode line, String key, Number value) {
        switch (value) {
            case Long whole -> line.put(key, whole);
            // JSON has no word for infinity, nor for what is no number.
            case Double real when !Double.isFinite(real) -> line.putNull(key);
            default -> line.put(key, value.doubleValue());
        }
    }

    private void append(ObjectNode line) {
        try {
            writer.write(line.toString());
            writer.newLine();
            writer.flush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write the metrics: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
