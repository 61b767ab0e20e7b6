package org.zebralm.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.zebralm.tokenizer.Tokenizer;

/// A prepared folder while it is made.
///
/// The folder holds a file `preparing` until the manifest is in its place: by it a later preparation knows what
/// an killed one left, and removes it; while it is locked, another program is at work there. Shards have other
/// names until they are whole, and the manifest comes last. Closed without [#finish], the writer leaves nothing
/// behind.
public final class PreparedFolderWriter implements AutoCloseable {

    static final String PREPARING = "preparing";

    private static final Pattern OURS =
            Pattern.compile("(((train|heldout)-\\d{5}\\.tokens|tokenizer\\.json|manifest\\.json)(\\.[\\d-]+\\.part)?)");

    private final Path path;
    private final FileChannel preparing;
    private boolean finished;

    private PreparedFolderWriter(Path path, FileChannel preparing) {
        this.path = path;
        this.preparing = preparing;
    }

    /// Refuses a folder that [#claim] would refuse; nothing is made or removed.
    public static void requireFree(Path path) {
        try {
            if (!Files.exists(path)) {
                return;
            }
            if (!Files.isDirectory(path)) {
                throw new IllegalArgumentException("prepared text needs a folder: " + path + " is a file");
            }
            if (PreparedFolder.isAt(path)) {
                throw new IllegalArgumentException(
                        "a prepared folder is never changed: " + path + " is one; name another, or delete it first");
            }
            List<Path> others = Files.exists(path.resolve(PREPARING)) ? List.of() : list(path);
            if (!others.isEmpty()) {
                throw new IllegalArgumentException("prepared text needs a new or empty folder: " + path + " has "
                        + others.getFirst().getFileName());
            }
        } catch (IOException e) {
            throw cannotUse(path, e);
        }
    }

    /// Makes a folder, or takes one that is empty or left by an interrupted preparation, whose files are
    /// removed.
    ///
    /// Any other folder is an `IllegalArgumentException`.
    public static PreparedFolderWriter claim(Path path) {
        requireFree(path);
        try {
            Files.createDirectories(path);
            FileChannel preparing =
                    FileChannel.open(path.resolve(PREPARING), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!isLocked(preparing)) {
                preparing.close();
                throw new IllegalArgumentException(
                        "a folder is prepared by one program at a time: another one is at work in " + path);
            }
            removeOurs(path);
            return new PreparedFolderWriter(path, preparing);
        } catch (IOException e) {
            throw cannotUse(path, e);
        }
    }

    private static boolean isLocked(FileChannel preparing) throws IOException {
        try {
            FileLock lock = preparing.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    /// The folder.
    public Path path() {
        return path;
    }

    /// Where the tokenizer belongs.
    public Path tokenizer() {
        return path.resolve(PreparedFolder.TOKENIZER);
    }

    /// Writes a tokenizer to its place.
    public void writeTokenizer(Tokenizer tokenizer) {
        AtomicFile.write(tokenizer(), tokenizer.json());
    }

    /// Puts the manifest in its place; now the folder is prepared.
    void finish(PreparedManifest manifest) {
        AtomicFile.write(path.resolve(PreparedFolder.MANIFEST), manifest.toJson());
        finished = true;
    }

    @Override
    public void close() {
        try {
            if (!finished) {
                removeOurs(path);
            }
            preparing.close();
            Files.deleteIfExists(path.resolve(PREPARING));
            if (list(path).isEmpty()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw cannotUse(path, e);
        }
    }

    private static void removeOurs(Path path) throws IOException {
        for (Path file : list(path)) {
            if (OURS.matcher(file.getFileName().toString()).matches()) {
                Files.delete(file);
            }
        }
    }

    private static List<Path> list(Path path) throws IOException {
        try (Stream<Path> files = Files.list(path)) {
            return files.sorted().toList();
        }
    }

    private static UncheckedIOException cannotUse(Path path, IOException e) {
        return new UncheckedIOException("cannot use " + path, e);
    }
}
