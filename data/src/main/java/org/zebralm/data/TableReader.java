package org.zebralm.data;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.ReadReport.Tally;

/// Reads rows as documents, from JSON, CSV and Parquet, through DuckDB.
///
/// Each file is a query of its own, so that an error belongs to a file; errors are never ignored, which would
/// lose rows silently. Nothing is fetched from the network. The text column is read as the characters that
/// stand there: type detection would turn `007` into 7 and rewrite dates. Other columns have detected types
/// where an SQL query may compare them: numbers, booleans and nested values; everything else is text.
///
/// For one thread.
final class TableReader implements AutoCloseable {

    /// Enough for nearly all records.
    private static final long RECORD_BYTES = 16 << 20;

    private static final int MESSAGE_CHARACTERS = 300;

    /// Types that a query may compare by value; the others are read as text.
    private static final Pattern COMPARABLE = Pattern.compile(
            "BOOLEAN|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*|STRUCT.*|MAP.*|.*\\[\\d*]");

    private final ReadOptions options;
    private final Connection connection;

    private TableReader(ReadOptions options, Connection connection) {
        this.options = options;
        this.connection = connection;
    }

    /// Starts an in-memory DuckDB of its own; a query that is none is an `IllegalArgumentException`.
    static TableReader open(ReadOptions options, int threads) {
        var settings = new Properties();
        settings.put("autoinstall_known_extensions", "false");
        settings.put("autoload_known_extensions", "false");
        settings.put("jdbc_stream_results", "true");
        settings.put("threads", Integer.toString(threads));
        // A query that sorts may need the disk; the default is the working directory.
        settings.put("temp_directory", Objects.requireNonNull(System.getProperty("java.io.tmpdir")));
        try {
            var reader = new TableReader(options, DriverManager.getConnection("jdbc:duckdb:", settings));
            reader.requireQuery();
            return reader;
        } catch (SQLException e) {
            throw new IllegalStateException("cannot start DuckDB: " + e.getMessage(), e);
        }
    }

    private void requireQuery() {
        if (options.sql() == null) {
            return;
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("describe (" + options.sql() + ")");
        } catch (SQLException e) {
            // Without a table the query cannot be bound; only its grammar is checked here.
            if (message(e).startsWith("Parser Error")) {
                throw new IllegalArgumentException(
                        "--sql must be one query over the table input, such as \"select text from input where "
                                + "length(text) > 200\": got \"" + options.sql() + "\" (" + message(e) + ")",
                        e);
            }
        }
    }

    /// Reads a file; one that cannot be read to its end is an [UnreadableFileException], perhaps after some
    /// rows.
    void read(SourceFile file, TextFormat format, Tally tally, Consumer<ReadDocument> consumer)
            throws UnreadableFileException {
        var scan = new TableScan(file.path(), format);
        var rows = new Rows(file, tally, consumer);
        // Escapes may make a text twice as long, and other columns come with it.
        long most = 2L * options.maxDocumentBytes() + RECORD_BYTES;
        try {
            try {
                read(scan, RECORD_BYTES, rows);
            } catch (SQLException e) {
                if (!isRecordTooLong(e)) {
                    throw e;
                }
                // DuckDB's buffers are twice its limit: only a file with such records gets large ones.
                rows.again();
                read(scan, most, rows);
            }
        } catch (SQLException e) {
            String reason = isRecordTooLong(e)
                    ? "a record is over " + most + " bytes: allow longer documents or cut it"
                    : message(e);
            throw new UnreadableFileException(reason, e);
        }
        rows.end();
    }

    private void read(TableScan scan, long recordBytes, Rows rows) throws SQLException, UnreadableFileException {
        String query = options.sql() == null ? textColumn(scan, recordBytes) : selection(scan, recordBytes);
        int most = options.maxDocumentBytes();
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery(
                        "select case when strlen(t) <= %d then t end, strlen(t) from (select cast(t as varchar) as t from (%s))"
                                .formatted(most, query))) {
            while (results.next()) {
                rows.add(results.getString(1), results.getLong(2));
            }
        }
    }

    private String textColumn(TableScan scan, long recordBytes) throws SQLException, UnreadableFileException {
        String column = options.textColumn();
        requireTextColumn(describe("select * from " + scan.asText(recordBytes)));
        return "select %s as t from %s".formatted(TableScan.name(column), scan.asText(recordBytes, column));
    }

    private String selection(TableScan scan, long recordBytes) throws SQLException, UnreadableFileException {
        Map<String, String> columns = describe("select * from " + scan.detected(recordBytes));
        columns.replaceAll((column, type) ->
                column.equals(options.textColumn()) || !COMPARABLE.matcher(type).matches() ? "VARCHAR" : type);
        try (Statement statement = connection.createStatement()) {
            statement.execute("create or replace temp view input as select * from " + scan.typed(recordBytes, columns));
        }
        Map<String, String> selected = describe(Objects.requireNonNull(options.sql()));
        if (selected.size() > 1) {
            requireTextColumn(selected);
        }
        String column = selected.size() > 1
                ? options.textColumn()
                : selected.keySet().iterator().next();
        return "select %s as t from (%s)".formatted(TableScan.name(column), options.sql());
    }

    private void requireTextColumn(Map<String, String> columns) throws UnreadableFileException {
        if (!columns.containsKey(options.textColumn())) {
            throw new UnreadableFileException("no column " + options.textColumn() + ": it has " + columns.keySet()
                    + "; name the one that holds the text");
        }
    }

    /// The columns of a query with their types.
    private Map<String, String> describe(String query) throws SQLException {
        var columns = new LinkedHashMap<String, String>();
        try (Statement statement = connection.createStatement();
                ResultSet results = statement.executeQuery("describe (" + query + ")")) {
            while (results.next()) {
                columns.put(results.getString(1), results.getString(2));
            }
        }
        return columns;
    }

    private static boolean isRecordTooLong(SQLException e) {
        String message = String.valueOf(e.getMessage());
        return message.contains("maximum_object_size") || message.contains("Maximum line size");
    }

    /// What DuckDB says, without the query and its advice.
    private static String message(SQLException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("Error when sniffing file")) {
            return "it does not parse: rows have different numbers of fields, or a quote is left open";
        }
        String said = message.replaceFirst("(?s)(\n\n|\nLINE \\d|\nPossible (fixes|Solution)|\nTry ).*", "")
                .replaceFirst("^Invalid Input Error: ", "")
                .replace('\n', ' ')
                .strip();
        return said.length() <= MESSAGE_CHARACTERS ? said : said.substring(0, MESSAGE_CHARACTERS) + "...";
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("cannot stop DuckDB: " + e.getMessage(), e);
        }
    }

    /// Rows of a file become documents; a file begun again goes on where it was.
    private final class Rows {

        private final SourceFile file;
        private final Tally tally;
        private final Consumer<ReadDocument> consumer;
        private long next;
        private long handedOver;
        private long numBytes;
        private long withoutText;

        Rows(SourceFile file, Tally tally, Consumer<ReadDocument> consumer) {
            this.file = file;
            this.tally = tally;
            this.consumer = consumer;
        }

        void again() {
            handedOver = next;
            next = 0;
        }

        void add(@Nullable String text, long size) {
            long row = next++;
            if (row < handedOver) {
                return;
            }
            if (size > options.maxDocumentBytes()) {
                tally.skip(
                        file.path() + " row " + (row + 1),
                        "over %d bytes: %d; allow longer documents or cut it"
                                .formatted(options.maxDocumentBytes(), size));
            } else if (text == null || text.isEmpty()) {
                withoutText++;
            } else {
                numBytes += size;
                consumer.accept(new ReadDocument(new Document(file.id() + "#" + row, text), size));
            }
        }

        void end() {
            if (withoutText > 0) {
                tally.skip(file.path().toString(), withoutText + " of " + next + " rows have no text");
            }
            tally.read(numBytes, 0);
        }
    }
}
