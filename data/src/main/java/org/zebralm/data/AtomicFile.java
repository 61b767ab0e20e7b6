package org.zebralm.data;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/// A file that appears whole or not at all.
///
/// It is written beside its place under another name; [#commit] forces it to disk and renames it. Closed without
/// that, it leaves nothing behind and whatever stood at the place stays.
final class AtomicFile implements AutoCloseable {

    private final Path target;
    private final Path part;
    private final FileChannel channel;

    private AtomicFile(Path target, Path part, FileChannel channel) {
        this.target = target;
        this.part = part;
        this.channel = channel;
    }

    /// Starts a file; its folder is made if need be.
    static AtomicFile create(Path target) {
        Path absolute = target.toAbsolutePath();
        // Two programs that write the same file must not write the same part.
        String unique = ProcessHandle.current().pid() + "-" + System.nanoTime();
        Path part = absolute.resolveSibling(absolute.getFileName() + "." + unique + ".part");
        try {
            Files.createDirectories(absolute.getParent());
            var channel = FileChannel.open(
                    part, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
            return new AtomicFile(absolute, part, channel);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    /// Replaces a file by these bytes.
    static void write(Path target, byte[] bytes) {
        try (AtomicFile file = create(target)) {
            file.append(ByteBuffer.wrap(bytes));
            file.commit();
        }
    }

    void append(ByteBuffer bytes) {
        try {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    /// Writes at a place before the end; the end stays where it is.
    void overwrite(ByteBuffer bytes, long position) {
        try {
            long at = position;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    void commit() {
        try {
            channel.force(true);
            channel.close();
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
            Files.deleteIfExists(part);
        } catch (IOException e) {
            throw cannotWrite(target, e);
        }
    }

    private static UncheckedIOException cannotWrite(Path target, IOException e) {
        return new UncheckedIOException("cannot write " + target + ": " + e, e);
    }
}
