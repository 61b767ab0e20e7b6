package org.zebralm.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.zebralm.data.ReadReport.Skipped;
import org.zebralm.data.ReadReport.Tally;

/// Files of documents, named by paths, folders and patterns.
///
/// Text files are a document each, rows of tables (JSON, CSV, Parquet) one each; any but Parquet may be packed
/// with gzip or Zstandard. Files come in the order of the paths given, those of one path in the order of their
/// names; a file named twice is read once.
public final class Corpus {

    private final List<String> patterns;
    private final ReadOptions options;
    private final List<SourceFile> files;
    private final List<List<Skipped>> unlisted;

    private Corpus(List<String> patterns, ReadOptions options, List<SourceFile> files, List<List<Skipped>> unlisted) {
        this.patterns = patterns;
        this.options = options;
        this.files = files;
        this.unlisted = unlisted;
    }

    /// Lists the files; a path that does not exist, a pattern that matches none and a query that is none are an
    /// `IllegalArgumentException`.
    public static Corpus of(List<String> patterns, ReadOptions options) {
        if (patterns.isEmpty()) {
            throw new IllegalArgumentException("no text to read: name at least one file, folder or pattern");
        }
        if (options.sql() != null) {
            TableReader.open(options, 1).close();
        }
        var files = new ArrayList<SourceFile>();
        var unlisted = new ArrayList<List<Skipped>>();
        var seen = new HashSet<Path>();
        for (int source = 0; source < patterns.size(); source++) {
            var tally = new Tally();
            int number = source;
            FileTree.expand(patterns.get(source), tally).forEach((id, path) -> {
                if (seen.add(path)) {
                    files.add(new SourceFile(number, id, path, size(path)));
                }
            });
            unlisted.add(tally.report().skipped());
        }
        return new Corpus(List.copyOf(patterns), options, List.copyOf(files), List.copyOf(unlisted));
    }

    private static long size(Path path) {
        // What cannot be read is found and named when it is.
        return path.toFile().length();
    }

    /// Reads everything once: see [Survey].
    ///
    /// @param threads that read
    /// @param stop asked after each document; true ends with a `CancellationException`
    public Survey survey(int threads, Survey.Progress progress, BooleanSupplier stop) {
        return Survey.of(this, threads, progress, stop);
    }

    /// The size of all files, as they lie on the disk.
    public long fileBytes() {
        return files.stream().mapToLong(SourceFile::size).sum();
    }

    /// The number of files.
    public int numFiles() {
        return files.size();
    }

    List<String> patterns() {
        return patterns;
    }

    ReadOptions options() {
        return options;
    }

    List<SourceFile> files() {
        return files;
    }

    /// What could not even be listed of a source.
    List<Skipped> unlisted(int source) {
        return unlisted.get(source);
    }
}
