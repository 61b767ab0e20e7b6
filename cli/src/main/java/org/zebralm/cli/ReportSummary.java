package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import org.zebralm.bench.Median;

/// What a run comes to, in few numbers. Those that the run did not report are NaN.
///
/// @param tokensPerSecond median over the steps, as `mfu` and `gradientNorm` are
/// @param interruptions times that the run went on from a checkpoint
record ReportSummary(
        RunResult result,
        Optional<RunHistory.Validated> last,
        Optional<RunHistory.Validated> best,
        double tokensPerSecond,
        double mfu,
        double gradientNorm,
        double largestGradientNorm,
        double peakBytes,
        int skipped,
        int saved,
        int notSaved,
        int interruptions,
        int malformed,
        JsonNode start) {
    private static final ObjectMapper JSON = new ObjectMapper();

    static ReportSummary of(RunHistory history) {
        return new ReportSummary(
                RunResult.of(history),
                history.validations().isEmpty()
                        ? Optional.empty()
                        : Optional.of(history.validations().getLast()),
                history.validations().stream()
                        .filter(validated ->
                                Double.isFinite(validated.validation().loss()))
                        .min(Comparator.comparingDouble(
                                validated -> validated.validation().loss())),
                median(history.column("tokensPerSecond")),
                median(history.column("mfu")),
                median(history.column("gradientNorm")),
                max(history.column("gradientNorm")),
                max(history.column("peakBytes")),
                history.skipped().size(),
                history.numSaved(),
                history.numNotSaved(),
                (int) history.starts().stream()
                        .filter(start -> start.get("step").asInt() > 0)
                        .count(),
                history.malformed(),
                history.starts().isEmpty()
                        ? JSON.missingNode()
                        : history.starts().getLast());
    }

    /// Returns the rows of the summary: what, and how much for people. A row stands for every run alike.
    SequencedMap<String, String> rows() {
        SequencedMap<String, String> rows = new LinkedHashMap<>();
        rows.put(
                "parameters",
                start.has("parameters") ? Units.count(start.get("parameters").asDouble()) : "");
        rows.put("steps", "%,d".formatted(result.steps()));
        rows.put("tokens", Units.count((double) result.tokens()));
        rows.put("time in steps", Units.duration(Duration.ofMillis((long) (result.seconds() * 1e3))));
        rows.put("training loss, last steps", fixed(result.lossLast(), 3));
        rows.put(
                "held-out loss, last",
                last.map(v -> fixed(v.validation().loss(), 3)).orElse(""));
        rows.put(
                "held-out perplexity, last",
                last.map(v -> fixed(v.validation().perplexity(), 1)).orElse(""));
        rows.put(
                "held-out loss, best",
                best.map(v -> "%s at step %,d".formatted(fixed(v.validation().loss(), 3), v.step()))
                        .orElse(""));
        rows.put("tokens/s, median", Double.isNaN(tokensPerSecond) ? "" : Units.count(tokensPerSecond));
        rows.put("MFU, median", Double.isNaN(mfu) ? "" : Units.percent(mfu));
        rows.put("peak memory", Double.isNaN(peakBytes) ? "" : Units.bytes((long) peakBytes));
        rows.put(
                "gradient norm, median (largest)",
                Double.isNaN(gradientNorm)
                        ? ""
                        : "%s (%s)".formatted(Units.count(gradientNorm), Units.count(largestGradientNorm)));
        rows.put("steps skipped", Integer.toString(skipped));
        rows.put(
                "checkpoints saved",
                notSaved == 0 ? Integer.toString(saved) : "%d (%d failed)".formatted(saved, notSaved));
        rows.put("interruptions", Integer.toString(interruptions));
        rows.put("machine", start.path("machine").asText(""));
        rows.put(
                "its matrix product",
                start.path("gemmFlops").isNumber()
                        ? "%sFLOP/s in %s"
                                .formatted(
                                        spaced(Units.count(
                                                start.get("gemmFlops").asDouble())),
                                        start.path("compute").asText("?"))
                        : "");
        rows.put("lines that could not be read", malformed == 0 ? "" : Integer.toString(malformed));
        return rows;
    }

    /// Returns the same for programs.
    ObjectNode json(String name) {
        ObjectNode node = JSON.createObjectNode().put("name", name);
        node.set("parameters", start.path("parameters").isMissingNode() ? JSON.nullNode() : start.get("parameters"));
        node.put("steps", result.steps()).put("tokens", result.tokens());
        put(node, "seconds", result.seconds());
        put(node, "trainLossLast", result.lossLast());
        put(node, "validationLoss", result.validationLoss());
        put(node, "bestValidationLoss", best.map(v -> v.validation().loss()).orElse(Double.NaN));
        put(node, "tokensPerSecond", tokensPerSecond);
        put(node, "mfu", mfu);
        put(node, "peakBytes", peakBytes);
        put(node, "gradientNorm", gradientNorm);
        var ranges = node.putArray("byPosition");
        last.ifPresent(validated -> validated.validation().byPosition().forEach(range -> {
            ObjectNode at = ranges.addObject().put("from", range.from()).put("to", range.to());
            put(at, "perplexity", range.perplexity());
        }));
        return node.put("skipped", skipped)
                .put("saved", saved)
                .put("notSaved", notSaved)
                .put("interruptions", interruptions)
                .put("malformedLines", malformed);
    }

    private static void put(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    private static String fixed(double value, int digits) {
        return Double.isFinite(value) ? ("%." + digits + "f").formatted(value) : "";
    }

    /// `123G` as it stands before a unit: `123 G`.
    private static String spaced(String count) {
        return count.replaceFirst("(?=\\p{L}?$)", " ");
    }

    private static double median(double... values) {
        return Median.of(Arrays.stream(values).filter(Double::isFinite).toArray());
    }

    private static double max(double... values) {
        return Arrays.stream(values).filter(Double::isFinite).max().orElse(Double.NaN);
    }
}
