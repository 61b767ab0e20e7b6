package org.zebralm.cli;

import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.zebralm.bench.GenerateModel;
import org.zebralm.bench.GenerateRow;
import org.zebralm.bench.GenerateSettings;
import org.zebralm.bench.GenerateSystem;
import org.zebralm.generate.EngineConfig;
import org.zebralm.model.Cost;

/// Rows of a generation benchmark for people: a line each, of columns fixed beforehand, as rows appear one by one.
record GenerateLines(GenerateModel model, GenerateSettings settings) {
    private static final String COLUMNS = "%-7s %-11s %6s %3s %10s %9s %9s %7s %9s %7s  %s";

    /// Returns what the rows depend on, and the columns' names.
    String head() {
        EngineConfig engine = settings.engine();
        return """
                %s
                model      %s, %s parameters, %s, quantization %s
                engine     chunks of %d, %d beside decoding; cache %s, %s; reuse to the token
                rows       medians of %d; spread is slowest less quickest; bandwidth, of what memory gave meanwhile

                %s""".formatted(
                Machine.describe(),
                model.label(),
                Units.count((double) new Cost(model.config()).parameters()),
                model.dtype().label(),
                model.quantization().label(),
                engine.prefillChunk(),
                engine.mixedChunk(),
                Objects.requireNonNullElse(engine.cacheDType(), model.dtype()).label(),
                engine.cacheBytes() == 0 ? "half of the memory" : Units.bytes(engine.cacheBytes()),
                settings.repeats(),
                COLUMNS.formatted(
                        "system",
                        "phase",
                        "depth",
                        "by",
                        "tokens/s",
                        "first s",
                        "seconds",
                        "spread",
                        "bandwidth",
                        "repeats",
                        "")).stripTrailing();
    }

    String of(GenerateRow row) {
        return switch (row) {
            case GenerateRow.Measured measured ->
                line(
                        row,
                        "%.2f".formatted(measured.tokensPerSecond()),
                        "%.3f".formatted(measured.firstTokenSeconds()),
                        "%.3f".formatted(measured.seconds()),
                        "%.0f%%".formatted(100 * measured.spread()),
                        Double.isNaN(measured.bandwidthShare())
                                ? "-"
                                : "%.0f%%".formatted(100 * measured.bandwidthShare()),
                        Integer.toString(measured.samples().size()),
                        note(measured));
            case GenerateRow.Skipped skipped ->
                line(row, "-", "-", "-", "-", "-", "0", "left out: about %.0f s".formatted(skipped.expectedSeconds()));
        };
    }

    private static String line(GenerateRow row, String... cells) {
        Object[] all = new Object[4 + cells.length];
        all[0] = row.system().label();
        all[1] = row.timed().phase().label();
        all[2] = row.timed().depth();
        all[3] = row.timed().concurrency();
        System.arraycopy(cells, 0, all, 4, cells.length);
        return COLUMNS.formatted(all).stripTrailing();
    }

    private static String note(GenerateRow.Measured row) {
        return switch (row.timed().phase()) {
            case PREFILL -> "%.0f GFLOP/s".formatted(row.work() / row.seconds() / 1e9);
            case DECODE ->
                "%.0f MB a token, memory %.1f GB/s".formatted(row.work() / 1e6, row.readGigabytesPerSecond());
            case SECOND_TURN ->
                "%.2f%% of the first turn's %.1f s"
                        .formatted(100 * row.firstTokenSeconds() / row.firstTurnSeconds(), row.firstTurnSeconds());
            case CONCURRENT -> "%.2f tokens/s while decoding".formatted(row.decodeTokensPerSecond());
        };
    }

    /// Returns how much faster each local-global row is than the all-global one, and what that should be; nothing
    /// where there is no pair.
    Optional<Table> besideGlobal(List<GenerateRow> rows) {
        var table = new Table("system", "phase", "depth", "by", "of global", "predicted", "share");
        boolean any = false;
        for (GenerateRow row : rows) {
            Optional<GenerateRow.Measured> global = global(rows, row);
            if (row instanceof GenerateRow.Measured own && global.isPresent()) {
                double faster = own.tokensPerSecond() / global.get().tokensPerSecond();
                double predicted = global.get().work() / own.work();
                table.row(
                        own.system().label(),
                        own.timed().phase().label(),
                        own.timed().depth(),
                        own.timed().concurrency(),
                        "%.2fx".formatted(faster),
                        Double.isNaN(predicted) ? "-" : "%.2fx".formatted(predicted),
                        Double.isNaN(predicted) ? "-" : "%.0f%%".formatted(100 * faster / predicted));
                any = true;
            }
        }
        return any ? Optional.of(table) : Optional.empty();
    }

    /// Returns the all-global row beside another system's.
    static Optional<GenerateRow.Measured> global(List<GenerateRow> rows, GenerateRow row) {
        return row.system() == GenerateSystem.GLOBAL
                ? Optional.empty()
                : rows.stream()
                        .filter(other -> other.system() == GenerateSystem.GLOBAL
                                && other.timed().equals(row.timed()))
                        .filter(GenerateRow.Measured.class::isInstance)
                        .map(GenerateRow.Measured.class::cast)
                        .findFirst();
    }
}
