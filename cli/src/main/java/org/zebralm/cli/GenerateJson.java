package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Objects;
import org.zebralm.bench.GenerateModel;
import org.zebralm.bench.GeneratePhase;
import org.zebralm.bench.GenerateRow;
import org.zebralm.bench.GenerateSample;
import org.zebralm.bench.GenerateSettings;
import org.zebralm.bench.SharedRequests;
import org.zebralm.model.Cost;

/// Rows of a generation benchmark for programs: `machine`, `settings`, `rows`, and what was `skipped`.
record GenerateJson(GenerateModel model, GenerateSettings settings, List<GenerateRow> rows) {
    @Override
    public String toString() {
        ObjectNode root = new ObjectMapper().createObjectNode();
        Machine.describe(root.putObject("machine"));
        put(root.putObject("settings"));
        var measured = root.putArray("rows");
        var skipped = root.putArray("skipped");
        for (GenerateRow row : rows) {
            switch (row) {
                case GenerateRow.Measured done -> put(done, measured.addObject());
                case GenerateRow.Skipped left ->
                    putCase(left, skipped.addObject()).put("expectedSeconds", left.expectedSeconds());
            }
        }
        return root.toPrettyString();
    }

    private void put(ObjectNode node) {
        SharedRequests requests = settings.requests();
        node.put("model", model.label())
                .put("parameters", new Cost(model.config()).parameters())
                .put("dtype", model.dtype().label())
                .put(
                        "cacheDType",
                        Objects.requireNonNullElse(settings.engine().cacheDType(), model.dtype())
                                .label())
                .put("cacheBytes", settings.engine().cacheBytes())
                .put("prefillChunk", settings.engine().prefillChunk())
                .put("mixedChunk", settings.engine().mixedChunk())
                .put("requests", requests.count())
                .put("sharedTokens", requests.shared())
                .put("repeats", settings.repeats())
                .put("warmUpSeconds", settings.warmUpSeconds())
                .put("limitSeconds", settings.limitSeconds());
    }

    private void put(GenerateRow.Measured row, ObjectNode node) {
        putCase(row, node);
        putNumber(node, "tokensPerSecond", row.tokensPerSecond());
        putNumber(node, "bandwidthShare", row.bandwidthShare());
        putNumber(node, "firstTokenSeconds", row.firstTokenSeconds());
        putNumber(node, "seconds", row.seconds());
        switch (row.timed().phase()) {
            case PREFILL -> putNumber(node, "flops", row.work());
            case DECODE -> {
                putNumber(node, "bytesPerToken", row.work());
                putNumber(node, "readGigabytesPerSecond", row.readGigabytesPerSecond());
            }
            case SECOND_TURN -> {
                putNumber(node, "firstTurnSeconds", row.firstTurnSeconds());
                putNumber(node, "shareOfFirstTurn", row.firstTokenSeconds() / row.firstTurnSeconds());
            }
            case CONCURRENT -> putNumber(node, "decodeTokensPerSecond", row.decodeTokensPerSecond());
        }
        GenerateLines.global(rows, row).ifPresent(global -> {
            putNumber(node, "ofGlobal", row.tokensPerSecond() / global.tokensPerSecond());
            if (row.timed().phase() == GeneratePhase.PREFILL || row.timed().phase() == GeneratePhase.DECODE) {
                putNumber(node, "ofGlobalPredicted", global.work() / row.work());
            }
        });
        GenerateSample last = row.samples().getLast();
        node.put("reusedTokens", last.reusedTokens())
                .put("recomputedTokens", last.recomputedTokens())
                .put("repeats", row.samples().size());
        var times = node.putArray("times");
        row.samples().forEach(sample -> times.add(sample.seconds()));
    }

    private ObjectNode putCase(GenerateRow row, ObjectNode node) {
        return node.put("system", row.system().label())
                .put("phase", row.timed().phase().label())
                .put("quantization", model.quantization().label())
                .put("depth", row.timed().depth())
                .put("concurrency", row.timed().concurrency())
                .put("tokens", row.timed().tokens());
    }

    /// JSON has no NaN.
    private static void putNumber(ObjectNode node, String name, double value) {
        if (Double.isFinite(value)) {
            node.put(name, value);
        } else {
            node.putNull(name);
        }
    }
}
