package org.zebralm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.zebralm.checkpoint.AtomicFile;

/// What a run reported, one JSON object a line: steps (`loss`, `gradientNorm`, `learningRate`, `tokens`,
/// `seconds`) and validations (`validationLoss`), each with its `step`.
public final class MetricsLog implements TrainListener, AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final BufferedWriter writer;

    private MetricsLog(BufferedWriter writer) {
        this.writer = writer;
    }

    /// Opens a log for a run that stands at `step`; lines of later steps, which an interrupted run left, are
    /// dropped.
    public static MetricsLog open(Path path, int step) {
        try {
            List<String> kept = new ArrayList<>();
            if (Files.exists(path)) {
                for (JsonNode line : read(path)) {
                    if (line.path("step").asInt() <= step) {
                        kept.add(line.toString());
                    }
                }
            }
            // A run interrupted just here must not lose what it has reported.
            String lines =
                    kept.stream().map(line -> line + System.lineSeparator()).collect(Collectors.joining());
            AtomicFile.write(path, lines.getBytes(StandardCharsets.UTF_8));
            return new MetricsLog(Files.newBufferedWriter(path, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + path + ": " + e.getMessage(), e);
        }
    }

    /// Returns the lines of a log; a last line that an interruption cut short is left out.
    public static List<JsonNode> read(Path path) {
        try {
            List<JsonNode> lines = new ArrayList<>();
            for (String line : Files.readAllLines(path)) {
                try {
                    lines.add(JSON.readTree(line));
                } catch (JsonProcessingException e) {
                    break;
                }
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void onStep(StepReport report) {
        ObjectNode line = JSON.createObjectNode();
        line.put("step", report.step());
        line.put("loss", report.loss());
        line.put("gradientNorm", report.gradientNorm());
        line.put("learningRate", report.learningRate());
        line.put("tokens", report.tokens());
        line.put("seconds", report.seconds());
        append(line);
    }

    @Override
    public void onValidation(int step, double loss) {
        append(JSON.createObjectNode().put("step", step).put("validationLoss", loss));
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
