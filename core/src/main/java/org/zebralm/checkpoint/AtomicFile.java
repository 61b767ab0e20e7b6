package org.zebralm.checkpoint;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;

/// Replaces a file as a whole: a reader finds the old bytes or the new ones, never a part, whatever happens in
/// between.
///
/// The new bytes are written beside the target, forced to disk, and renamed over it; then the folder is forced
/// too, without which a power cut may forget the rename. If anything fails, the file beside is removed and the
/// target is as it was.
public final class AtomicFile {
    private AtomicFile() {}

    /// What a file will hold.
    @FunctionalInterface
    public interface Content {
        /// Writes all of it to an empty file.
        void writeTo(FileChannel channel) throws IOException;
    }

    /// Replaces `target` by these bytes.
    public static void write(Path target, byte[] bytes) {
        write(target, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
    }

    /// Replaces `target` by what `content` writes.
    ///
    /// @throws UncheckedIOException naming the file and the reason if it cannot be written
    public static void write(Path target, Content content) {
        Path folder = folderOf(target);
        // Not Files.createTempFile, whose files only their owner may read: others may share this model.
        Path beside = folder.resolve("." + target.getFileName() + "."
                + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp");
        try {
            try (var channel = FileChannel.open(beside, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                content.writeTo(channel);
                channel.force(true);
            }
            move(beside, target);
        } catch (IOException e) {
            throw new UncheckedIOException(describe(target, folder, e), e);
        } finally {
            removeLeftover(beside);
        }
    }

    /// Renames a file, replacing `target`, and forces the folder to disk.
    static void move(Path source, Path target) throws IOException {
        Files.move(source, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        forceFolder(folderOf(target));
    }

    /// Forces a folder's entries to disk, where the system can.
    static void forceFolder(Path folder) throws IOException {
        if (File.separatorChar == '\\') {
            return; // Windows opens no folder as a file, and journals its renames
        }
        try (var channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// Writes all that remains in `buffer`; a channel may take less at a time.
    static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /// Says in words why `target` could not be written.
    static String describe(Path target, Path folder, IOException e) {
        String reason = switch (e) {
            case NoSuchFileException _ -> "its folder does not exist";
            case AccessDeniedException _ -> "there is no permission to write there";
            case FileSystemException f -> Objects.requireNonNullElse(f.getReason(), f.toString());
            default -> Objects.requireNonNullElse(e.getMessage(), e.toString());
        };
        if (reason.contains("No space left") || reason.contains("not enough space")) {
            reason = "the disk is full (" + (folder.toFile().getUsableSpace() >> 20) + " MiB are free)";
        }
        return "cannot write " + target + ": " + reason + "; nothing was changed";
    }

    private static Path folderOf(Path target) {
        return Objects.requireNonNull(target.toAbsolutePath().getParent(), "a root folder is no file");
    }

    private static void removeLeftover(Path beside) {
        try {
            Files.deleteIfExists(beside);
        } catch (IOException _) {
            // The failure that left it there is on its way to the caller and says more.
        }
    }
}
