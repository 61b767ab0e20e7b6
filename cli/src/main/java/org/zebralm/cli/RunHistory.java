package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.zebralm.train.MetricsReader;
import org.zebralm.train.Validation;

/// What a run has reported, by columns: one value a step, NaN where it reported none.
final class RunHistory {
    /// Those that a plot is made of; others are read by name all the same.
    static final String LOSS = "loss";

    private static final String STEP = "step";
    private static final String TOKENS = "tokens";
    private static final String SECONDS = "seconds";
    private static final List<String> COLUMNS = List.of(
            LOSS,
            "gradientNorm",
            "learningRate",
            "tokensPerSecond",
            "mfu",
            "peakBytes",
            "dataSeconds",
            "forwardSeconds",
            "backwardSeconds",
            "optimizerSeconds");

    /// A validation, and where the run stood.
    record Validated(int step, double tokens, double seconds, Validation validation) {}

    private final Map<String, double[]> columns = new HashMap<>();
    private final List<Validated> validations = new ArrayList<>();
    private final List<Integer> skipped = new ArrayList<>();
    private final List<JsonNode> starts = new ArrayList<>();
    private int numSaved;
    private int numNotSaved;
    private final int malformed;

    // While reading.
    private final Map<String, DoubleStream.Builder> builders = new HashMap<>();
    private int lastStep;
    private double tokens;
    private double seconds;
    private int unusable;

    private RunHistory(Path metrics) {
        for (String name : COLUMNS) {
            builders.put(name, DoubleStream.builder());
        }
        for (String name : List.of(STEP, TOKENS, SECONDS)) {
            builders.put(name, DoubleStream.builder());
        }
        malformed = MetricsReader.read(metrics, this::add) + unusable;
        builders.forEach((name, builder) -> columns.put(name, builder.build().toArray()));
        builders.clear();
    }

    /// Reads a run's `metrics.jsonl`. Lines that are none of ours, and steps that go back, are left out and
    /// counted.
    static RunHistory read(Path metrics) {
        return new RunHistory(metrics);
    }

    /// Steps done at each line.
    double[] steps() {
        return column(STEP);
    }

    /// Input tokens from the start on.
    double[] tokens() {
        return column(TOKENS);
    }

    /// Seconds spent in steps from the start on.
    double[] seconds() {
        return column(SECONDS);
    }

    /// Returns what `metrics.jsonl` has under a name, a value for each step.
    double[] column(String name) {
        return Objects.requireNonNull(columns.get(name), name);
    }

    List<Validated> validations() {
        return validations;
    }

    /// Returns the steps that changed nothing.
    List<Integer> skipped() {
        return skipped;
    }

    /// Returns the lines written at starts and resumptions.
    List<JsonNode> starts() {
        return starts;
    }

    int numSaved() {
        return numSaved;
    }

    /// Returns how many checkpoints could not be written.
    int numNotSaved() {
        return numNotSaved;
    }

    /// Returns how many lines were left out.
    int malformed() {
        return malformed;
    }

    boolean isEmpty() {
        return steps().length == 0;
    }

    /// Returns the share of its time that the run spent in one phase, NaN if it did not say.
    double share(String phase) {
        double[] part = column(phase + "Seconds");
        double[] all = differences(seconds());
        // Older lines have no phases.
        double[] known = IntStream.range(0, part.length)
                .filter(i -> Double.isFinite(part[i]))
                .mapToDouble(i -> all[i])
                .toArray();
        return Arrays.stream(part).filter(Double::isFinite).sum()
                / Arrays.stream(known).sum();
    }

    private void add(JsonNode line) {
        if (line.has(LOSS)) {
            addStep(line);
        } else if (line.has("validationLoss")) {
            validations.add(new Validated(line.get(STEP).asInt(), tokens, seconds, validation(line)));
        } else if (line.has("saved")) {
            numSaved++;
        } else if (line.has("notSaved")) {
            numNotSaved++;
        } else if (line.has("start")) {
            starts.add(line);
        }
    }

    private void addStep(JsonNode line) {
        int step = line.get(STEP).asInt();
        if (step <= lastStep
                || !line.path(TOKENS).isNumber()
                || !line.path(SECONDS).isNumber()) {
            unusable++;
            return;
        }
        lastStep = step;
        tokens += line.get(TOKENS).asDouble();
        seconds += line.get(SECONDS).asDouble();
        builder(STEP).add(step);
        builder(TOKENS).add(tokens);
        builder(SECONDS).add(seconds);
        for (String name : COLUMNS) {
            builder(name).add(number(line.path(name)));
        }
        if (line.path("skipped").asBoolean()) {
            skipped.add(step);
        }
    }

    private DoubleStream.Builder builder(String name) {
        return Objects.requireNonNull(builders.get(name), name);
    }

    private static Validation validation(JsonNode line) {
        List<Validation.Range> ranges = new ArrayList<>();
        for (JsonNode range : line.path("byPosition")) {
            ranges.add(new Validation.Range(
                    range.path("from").asInt(),
                    range.path("to").asInt(),
                    number(range.path(LOSS)),
                    range.path(TOKENS).asLong()));
        }
        return new Validation(number(line.path("validationLoss")), ranges);
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.doubleValue() : Double.NaN;
    }

    private static double[] differences(double... sums) {
        return IntStream.range(0, sums.length)
                .mapToDouble(i -> i == 0 ? sums[0] : sums[i] - sums[i - 1])
                .toArray();
    }
}
