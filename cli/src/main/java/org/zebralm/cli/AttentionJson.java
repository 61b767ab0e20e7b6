package org.zebralm.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.zebralm.bench.BenchSettings;
import org.zebralm.bench.MachineRates;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;
import org.zebralm.kernel.Span;

/// Rows of an attention benchmark for programs: `machine`, `settings`, `rows`, and what was `skipped`.
record AttentionJson(BenchSettings settings, List<Row> rows, MachineRates rates) {
    @Override
    public String toString() {
        ObjectNode root = new ObjectMapper().createObjectNode();
        Machine.describe(root.putObject("machine"))
                .put("gemmGflops", rates.gemmGflops())
                .put("readGigabytesPerSecond", rates.readGigabytesPerSecond());
        root.putObject("settings")
                .put("heads", settings.heads().numHeads())
                .put("kvHeads", settings.heads().numKvHeads())
                .put("headDim", settings.heads().headDim())
                .put("window", settings.window())
                .put("repeats", settings.repeats())
                .put("warmUpSeconds", settings.warmUpSeconds())
                .put("limitSeconds", settings.limitSeconds());
        var measured = root.putArray("rows");
        var skipped = root.putArray("skipped");
        for (Row row : rows) {
            switch (row) {
                case Row.Measured done -> put(done, measured.addObject());
                case Row.Skipped left -> put(left, skipped.addObject());
            }
        }
        return root.toPrettyString();
    }

    private void put(Row.Measured row, ObjectNode node) {
        putCase(row, node)
                .put("gflops", row.gflops())
                .put("seconds", row.seconds())
                .put("bestSeconds", row.bestSeconds())
                .put("repeats", row.repeats())
                .put("callsPerRepeat", row.calls());
        if (row.attention().pass() == Pass.DECODE) {
            node.put("gbps", row.gigabytesPerSecond())
                    .put("readGbps", row.readGigabytesPerSecond())
                    .put("shareOfRead", rates.share(row));
        } else {
            node.put("shareOfGemm", rates.share(row));
        }
    }

    private static void put(Row.Skipped row, ObjectNode node) {
        putCase(row, node).put("reason", AttentionTables.reason(row.reason()));
        if (row.reason() instanceof Row.TooSlow(double seconds)) {
            node.put("expectedSeconds", seconds);
        }
    }

    private static ObjectNode putCase(Row row, ObjectNode node) {
        node.put("implementation", row.implementation().label())
                .put("kind", row.attention().kind())
                .put("length", row.attention().length());
        switch (row.attention().span()) {
            case Span.Global _ -> node.putNull("window");
            case Span.Local(int window) -> node.put("window", window);
        }
        return node.put("pass", row.attention().pass().label())
                .put("dtype", row.attention().dtype().label());
    }
}
