package org.zebralm.data;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.zebralm.data.ReadReport.Tally;

/// Text files, each a document: those named, and all in the folders named.
///
/// Folders are read to the bottom in the order of their paths; what starts with a dot there is left out
/// ([FileTree]). A file ending in `.gz` or `.zst` is unpacked. A file that is binary, empty, unreadable or too
/// large is skipped and named in the report, never an error: one bad file must not stop a day's work. A
/// document's id is its path from the folder given, that folder's name included.
public final class TextFiles implements DocumentSource {

    /// A document is one string in memory.
    private static final int MAX_BYTES = 128 << 20;

    private final List<Path> roots;

    private TextFiles(List<Path> roots) {
        this.roots = roots;
    }

    /// The files and folders to read; one that does not exist is an `IllegalArgumentException`.
    public static TextFiles of(List<Path> roots) {
        if (roots.isEmpty()) {
            throw new IllegalArgumentException("no text to read: name at least one file or folder");
        }
        List<Path> missing = roots.stream().filter(root -> !Files.exists(root)).toList();
        if (!missing.isEmpty()) {
            throw new IllegalArgumentException("text files and folders must exist: not found " + missing);
        }
        return new TextFiles(List.copyOf(roots));
    }

    @Override
    public ReadReport forEach(Consumer<Document> consumer) {
        var tally = new Tally();
        // A file named twice, or once itself and once by its folder, is one document.
        Set<Path> seen = new TreeSet<>();
        for (Path root : roots) {
            FileTree.list(root, tally).forEach((id, file) -> {
                if (seen.add(file)) {
                    read(id, file, tally, consumer);
                }
            });
        }
        return tally.report();
    }

    private static void read(String id, Path file, Tally tally, Consumer<Document> consumer) {
        PlainText text;
        try {
            text = PlainText.read(file, MAX_BYTES);
        } catch (UnreadableFileException e) {
            tally.skip(file.toString(), String.valueOf(e.getMessage()));
            return;
        }
        tally.read(text.numBytes(), text.numReplaced());
        consumer.accept(new Document(id, text.text()));
    }
}
