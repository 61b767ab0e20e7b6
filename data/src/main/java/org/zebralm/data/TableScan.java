package org.zebralm.data;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/// The DuckDB table function that reads a file.
///
/// @param path a file
/// @param format of rows, never [TextFormat#TEXT]
record TableScan(Path path, TextFormat format) {

    /// All columns as the characters that stand there.
    String asText(long recordBytes) {
        return switch (format) {
            case CSV, TSV -> read(recordBytes, "all_varchar = true");
            default -> detected(recordBytes);
        };
    }

    /// One column as the characters that stand there.
    String asText(long recordBytes, String column) {
        return switch (format) {
            case JSON, JSONL -> typed(recordBytes, Map.of(column, "VARCHAR"));
            default -> asText(recordBytes);
        };
    }

    /// All columns with types found out from the first rows.
    String detected(long recordBytes) {
        return read(recordBytes, "");
    }

    /// Columns with the types given; Parquet's own stay.
    String typed(long recordBytes, Map<String, String> types) {
        String struct = types.entrySet().stream()
                .map(type -> literal(type.getKey()) + ": " + literal(type.getValue()))
                .collect(Collectors.joining(", ", "{", "}"));
        return switch (format) {
            case JSON, JSONL -> read(recordBytes, "columns = " + struct);
            case CSV, TSV -> read(recordBytes, "types = " + struct);
            default -> read(recordBytes, "");
        };
    }

    private String read(long recordBytes, String more) {
        // DuckDB takes names for patterns.
        String name = path.toString().replaceAll("[*?\\[]", "[$0]");
        String arguments = literal(name) + packed() + (more.isEmpty() ? "" : ", " + more);
        return switch (format) {
            case JSONL -> readJson("newline_delimited", recordBytes, arguments);
            case JSON -> readJson("auto", recordBytes, arguments);
            case CSV -> readCsv(", delim = ',', quote = '\"', escape = '\"'", recordBytes, arguments);
            // Some programs quote in such files and some do not, so DuckDB looks.
            case TSV -> readCsv(", delim = '\t'", recordBytes, arguments);
            case PARQUET -> "read_parquet(%s, binary_as_string = true)".formatted(arguments);
            case TEXT -> throw new AssertionError("a text has no rows");
        };
    }

    private static String readJson(String form, long recordBytes, String arguments) {
        // Keys that differ from row to row are columns all the same, not a map.
        return "read_json(%s, format = '%s', records = 'true', map_inference_threshold = -1, maximum_object_size = %d)"
                .formatted(arguments, form, recordBytes);
    }

    private static String readCsv(String dialect, long recordBytes, String arguments) {
        return "read_csv(%s, header = true%s, max_line_size = %d)".formatted(arguments, dialect, recordBytes);
    }

    private String packed() {
        if (format == TextFormat.PARQUET) {
            return "";
        }
        return switch (Compression.of(path.toString())) {
            // Without it DuckDB goes by a name's end in small letters alone.
            case NONE ->
                format == TextFormat.CSV || format == TextFormat.TSV
                        ? ", compression = 'none'"
                        : ", compression = 'uncompressed'";
            case GZIP -> ", compression = 'gzip'";
            case ZSTD -> ", compression = 'zstd'";
        };
    }

    /// A column's name as SQL spells it.
    static String name(String column) {
        return '"' + column.replace("\"", "\"\"") + '"';
    }

    private static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
