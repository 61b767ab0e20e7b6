package org.zebralm.cli;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.zebralm.bench.AttentionCase;
import org.zebralm.bench.BenchSettings;
import org.zebralm.bench.Implementation;
import org.zebralm.bench.MachineRates;
import org.zebralm.bench.Pass;
import org.zebralm.bench.Row;

/// Rows of an attention benchmark as people read them: a table for each element type and pass, a line for each
/// kind and length, the implementations side by side.
record AttentionTables(BenchSettings settings, List<Row> rows, MachineRates rates) {
    @Override
    public String toString() {
        Map<String, List<Row>> byPass = rows.stream()
                .collect(Collectors.groupingBy(
                        row -> row.attention().pass().label() + ", "
                                + row.attention().dtype().label(),
                        LinkedHashMap::new,
                        Collectors.toList()));
        return byPass.entrySet().stream()
                .map(entry -> entry.getKey() + "\n" + table(entry.getValue()))
                .collect(Collectors.joining("\n\n"));
    }

    private Table table(List<Row> rows) {
        boolean decode = rows.getFirst().attention().pass() == Pass.DECODE;
        Map<AttentionCase, Map<Implementation, Row>> byCase = rows.stream()
                .collect(Collectors.groupingBy(
                        Row::attention,
                        LinkedHashMap::new,
                        Collectors.toMap(
                                Row::implementation,
                                row -> row,
                                (row, _) -> row,
                                () -> new EnumMap<>(Implementation.class))));
        List<String> notes = byCase.values().stream().map(this::note).toList();
        boolean noted = notes.stream().anyMatch(note -> !note.isEmpty());
        var table = new Table(headers(decode, noted));
        int line = 0;
        for (var entry : byCase.entrySet()) {
            List<Object> cells = new ArrayList<>();
            cells.add(entry.getKey().kind());
            cells.add(entry.getKey().length());
            for (Implementation implementation : settings.implementations()) {
                addCells(cells, measured(entry.getValue().get(implementation)), decode);
            }
            if (isCompared()) {
                cells.add(comparison(entry.getValue()));
            }
            if (noted) {
                cells.add(notes.get(line));
            }
            table.row(cells.toArray());
            line++;
        }
        return table;
    }

    private String[] headers(boolean decode, boolean noted) {
        List<String> headers = new ArrayList<>(List.of("kind", "length"));
        for (Implementation implementation : settings.implementations()) {
            headers.add(implementation.label());
            headers.add("GFLOP/s");
            if (decode) {
                headers.add("GB/s");
            }
            headers.add(decode ? "of read" : "of GEMM");
        }
        if (isCompared()) {
            headers.add("torch/zebra");
        }
        if (noted) {
            headers.add("note");
        }
        return headers.toArray(String[]::new);
    }

    private void addCells(List<Object> cells, Row.@Nullable Measured row, boolean decode) {
        cells.add(row == null ? "-" : Units.seconds(row.seconds()));
        cells.add(row == null ? "-" : "%.1f".formatted(row.gflops()));
        if (decode) {
            cells.add(row == null ? "-" : "%.1f".formatted(row.gigabytesPerSecond()));
        }
        cells.add(row == null ? "-" : "%.0f%%".formatted(100 * rates.share(row)));
    }

    private boolean isCompared() {
        return settings.implementations().containsAll(List.of(Implementation.ZEBRA, Implementation.TORCH));
    }

    /// How many times libtorch's time is ours.
    private static String comparison(Map<Implementation, Row> rows) {
        Row.Measured zebra = measured(rows.get(Implementation.ZEBRA));
        Row.Measured torch = measured(rows.get(Implementation.TORCH));
        return zebra == null || torch == null ? "-" : "%.2fx".formatted(torch.seconds() / zebra.seconds());
    }

    private static Row.@Nullable Measured measured(@Nullable Row row) {
        return row instanceof Row.Measured measured ? measured : null;
    }

    private String note(Map<Implementation, Row> rows) {
        return rows.values().stream().map(this::note).filter(Objects::nonNull).collect(Collectors.joining("; "));
    }

    private @Nullable String note(Row row) {
        String name = row.implementation().label();
        return switch (row) {
            case Row.Measured measured ->
                measured.repeats() < settings.repeats() ? "%s %dx".formatted(name, measured.repeats()) : null;
            case Row.Skipped skipped -> name + " skipped (" + reason(skipped.reason()) + ")";
        };
    }

    /// Why a row was skipped, in a few words.
    static String reason(Row.Reason reason) {
        return switch (reason) {
            case Row.TooSlow(double seconds) ->
                "about " + Units.duration(Duration.ofMillis(Math.round(seconds * 1000))) + " a call";
            case Row.MaskTooLarge(long bytes) -> "its mask takes " + Units.bytes(bytes);
        };
    }
}
