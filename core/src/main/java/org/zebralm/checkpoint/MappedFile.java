package org.zebralm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A file mapped into memory, read-only: what is touched is read, and takes no memory of ours.
///
/// The file must not be cut short meanwhile: touching what is gone ends the process.
final class MappedFile implements AutoCloseable {
    private final Path path;
    private final Arena arena;
    private final MemorySegment bytes;

    private MappedFile(Path path, Arena arena, MemorySegment bytes) {
        this.path = path;
        this.arena = arena;
        this.bytes = bytes;
    }

    /// Maps all of a file.
    ///
    /// @throws UncheckedIOException if it cannot be read
    @SuppressWarnings("MustBeClosedChecker") // the arena is the returned file's, or closed below
    static MappedFile open(Path path) {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            opened = true;
            return new MappedFile(path, arena, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    Path path() {
        return path;
    }

    /// Returns all of the file.
    MemorySegment bytes() {
        requireOpen();
        return bytes;
    }

    void requireOpen() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException(path + " has been closed; its tensors went with it");
        }
    }

    /// Returns a tensor on mapped bytes, which hold exactly its elements; needs an open [org.zebralm.tensor.Scope].
    ///
    /// One whose bytes do not lie at a multiple of its element's size is copied: native kernels need alignment.
    static Tensor tensor(MemorySegment bytes, DType dtype, long... shape) {
        if (bytes.byteSize() == 0) {
            return Tensors.empty(dtype, shape);
        }
        if (bytes.address() % dtype.bytes() == 0) {
            return Tensors.over(bytes, dtype, shape);
        }
        Tensor copy = Tensors.empty(dtype, shape);
        MemorySegment.copy(bytes, 0, copy.memory(), 0, bytes.byteSize());
        return copy;
    }

    /// Unmaps the file; every tensor on it becomes invalid.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
