package org.zebralm.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// A table as aligned text: headers, a rule, rows; columns of numbers stand to the right.
///
/// ```
/// new Table("context", "perplexity").row(256, "31.4").row(512, "28.9").toString()
/// ```
public final class Table {
    private static final String GAP = "  ";
    /// A number with whatever unit follows: `-1.5`, `1.2 MiB`, `45%`, `3.4x`, `2m 05s`, or nothing to say: `-`.
    private static final Pattern NUMBER =
            Pattern.compile("[-+~<>]?\\d[\\d.,_]*(e[-+]?\\d+)?( ?[\\p{L}%/]+)*( \\d+[a-z])?|-|NaN|");

    private final List<String> headers;
    private final List<List<String>> rows = new ArrayList<>();

    /// A table without rows.
    public Table(String... headers) {
        this.headers = List.of(headers);
    }

    /// Adds a row, a cell for each header.
    public Table row(Object... cells) {
        if (cells.length != headers.size()) {
            throw new IllegalArgumentException("a row needs a cell per column: got %d cells for %d columns"
                    .formatted(cells.length, headers.size()));
        }
        rows.add(IntStream.range(0, cells.length)
                .mapToObj(i -> String.valueOf(cells[i]))
                .toList());
        return this;
    }

    /// The table, lines parted by `\n`, without trailing blanks.
    @Override
    public String toString() {
        int[] widths = IntStream.range(0, headers.size()).map(this::width).toArray();
        var lines = new ArrayList<String>();
        lines.add(line(headers, widths));
        lines.add(IntStream.of(widths).mapToObj("-"::repeat).collect(Collectors.joining(GAP)));
        rows.forEach(row -> lines.add(line(row, widths)));
        return String.join("\n", lines);
    }

    private String line(List<String> cells, int[] widths) {
        return IntStream.range(0, widths.length)
                .mapToObj(i -> {
                    String blanks = " ".repeat(widths[i] - length(cells.get(i)));
                    return isNumeric(i) ? blanks + cells.get(i) : cells.get(i) + blanks;
                })
                .collect(Collectors.joining(GAP))
                .stripTrailing();
    }

    private int width(int column) {
        return IntStream.concat(
                        IntStream.of(length(headers.get(column))),
                        rows.stream().mapToInt(row -> length(row.get(column))))
                .max()
                .orElse(0);
    }

    private boolean isNumeric(int column) {
        return !rows.isEmpty()
                && rows.stream().allMatch(row -> NUMBER.matcher(row.get(column)).matches());
    }

    private static int length(String cell) {
        return cell.codePointCount(0, cell.length());
    }
}
