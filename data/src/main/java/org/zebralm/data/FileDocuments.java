package org.zebralm.data;

import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.ReadReport.Tally;

/// Reads the documents of files, whatever their format. For one thread.
final class FileDocuments implements AutoCloseable {

    private final ReadOptions options;
    private final int threads;
    private @Nullable TableReader tables;

    /// @param threads for a file; texts are read by one
    FileDocuments(ReadOptions options, int threads) {
        this.options = options;
        this.threads = threads;
    }

    /// Reads a file's documents in order; one that cannot be read to its end is an [UnreadableFileException].
    void read(SourceFile file, Tally tally, Consumer<ReadDocument> consumer) throws UnreadableFileException {
        TextFormat format = options.formatOf(file.path().toString());
        if (format != TextFormat.TEXT) {
            if (tables == null) {
                tables = TableReader.open(options, threads);
            }
            tables.read(file, format, tally, consumer);
            return;
        }
        if (options.sql() != null) {
            throw new UnreadableFileException("a query needs rows, and a text file has none");
        }
        PlainText text = PlainText.read(file.path(), options.maxDocumentBytes());
        tally.read(text.numBytes(), text.numReplaced());
        consumer.accept(new ReadDocument(new Document(file.id(), text.text()), text.numBytes()));
    }

    /// Reads a file as [#read] does, after a look at what DuckDB does not check: the checksums of packed files.
    /// It takes a file cut short between two rows for a whole one.
    void check(SourceFile file, Tally tally, Consumer<ReadDocument> consumer) throws UnreadableFileException {
        TextFormat format = options.formatOf(file.path().toString());
        if (format == TextFormat.PARQUET && Compression.of(file.path().toString()) != Compression.NONE) {
            throw new UnreadableFileException("a Parquet file is packed inside: unpack it first");
        }
        try {
            if (format != TextFormat.TEXT && Compression.verify(file.path()) == 0) {
                throw new UnreadableFileException("empty");
            }
        } catch (IOException e) {
            throw UnreadableFileException.of(e);
        }
        read(file, tally, consumer);
    }

    @Override
    public void close() {
        if (tables != null) {
            tables.close();
        }
    }
}
