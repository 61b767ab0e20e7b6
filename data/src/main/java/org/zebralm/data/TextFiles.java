package org.zebralm.data;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.zebralm.data.ReadReport.Tally;

/// Text files, each a document: those named, and all in the folders named.
///
/// Folders are read to the bottom in the order of their paths; what starts with a dot there is left out, as version
/// control and editors keep their own files so. A file ending in `.gz` is unpacked. A file that is binary, empty,
/// unreadable or too large is skipped and named in the report, never an error: one bad file must not stop a
/// day's work. A document's id is its path from the folder given, that folder's name included.
public final class TextFiles implements DocumentSource {

    /// Binary files show it early.
    private static final int HEAD_BYTES = 8192;

    /// More invalid sequences than one in this many bytes of the head, and it is no text. Random bytes have about
    /// one in three, a Latin-1 text in French one in thirty.
    private static final int BYTES_PER_INVALID = 10;

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
            list(root, tally).forEach((id, file) -> {
                if (seen.add(file)) {
                    read(id, file, tally, consumer);
                }
            });
        }
        return tally.report();
    }

    /// The files under a root by document id. Ids have `/` on every system, so the order is the same too.
    private static SortedMap<String, Path> list(Path root, Tally tally) {
        var files = new TreeMap<String, Path>();
        Path start = root.toAbsolutePath().normalize();
        Path base = start.getParent() == null ? start : start.getParent();
        try {
            Files.walkFileTree(
                    start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), Integer.MAX_VALUE, new SimpleFileVisitor<>() {
                        @Override
                        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                            return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                            if (!isHidden(file)) {
                                files.put(base.relativize(file).toString().replace(File.separatorChar, '/'), file);
                            }
                            return FileVisitResult.CONTINUE;
                        }

                        @Override
                        public FileVisitResult visitFileFailed(Path file, IOException e) {
                            tally.skip(
                                    file.toString(),
                                    e instanceof FileSystemLoopException ? "a link to its own folder" : unreadable(e));
                            return FileVisitResult.CONTINUE;
                        }

                        private boolean isHidden(Path path) {
                            return !path.equals(start)
                                    && path.getFileName().toString().startsWith(".");
                        }
                    });
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + root + ": " + e.getMessage(), e);
        }
        return files;
    }

    private static void read(String id, Path file, Tally tally, Consumer<Document> consumer) {
        byte[] bytes;
        try {
            bytes = readBytes(file);
        } catch (IOException e) {
            tally.skip(file.toString(), unreadable(e));
            return;
        }
        String unfit = unfit(file, bytes);
        if (!unfit.isEmpty()) {
            tally.skip(file.toString(), unfit);
            return;
        }
        Utf8 decoded = Utf8.decode(ByteBuffer.wrap(bytes));
        tally.read(bytes.length, decoded.numReplaced());
        consumer.accept(new Document(id, decoded.text()));
    }

    private static byte[] readBytes(Path file) throws IOException {
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(raw, 1 << 16) : raw) {
            byte[] head = in.readNBytes(HEAD_BYTES);
            if (!unfitHead(head).isEmpty()) {
                return head;
            }
            byte[] rest = in.readNBytes(MAX_BYTES + 1 - head.length);
            byte[] bytes = new byte[head.length + rest.length];
            System.arraycopy(head, 0, bytes, 0, head.length);
            System.arraycopy(rest, 0, bytes, head.length, rest.length);
            return bytes;
        }
    }

    /// Why these bytes are no document, or nothing.
    private static String unfit(Path file, byte[] bytes) {
        if (bytes.length == 0) {
            return "empty";
        }
        if (bytes.length > MAX_BYTES) {
            return "over " + (MAX_BYTES >> 20) + " MiB: cut " + file.getFileName() + " into several documents";
        }
        return unfitHead(bytes);
    }

    private static String unfitHead(byte[] bytes) {
        int length = Math.min(bytes.length, HEAD_BYTES);
        for (int i = 0; i < length; i++) {
            if (bytes[i] == 0) {
                return "binary: byte " + i + " is NUL";
            }
        }
        long invalid = Utf8.decode(ByteBuffer.wrap(bytes, 0, length)).numReplaced();
        return invalid * BYTES_PER_INVALID > length
                ? "binary or not UTF-8: " + invalid + " invalid sequences in the first " + length + " bytes"
                : "";
    }

    private static String unreadable(IOException e) {
        return "unreadable: " + e;
    }
}
