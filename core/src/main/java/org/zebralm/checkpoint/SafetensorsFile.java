package org.zebralm.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.SafetensorsHeader.Entry;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A `.safetensors` file, memory-mapped: its tensors are views of the file, and only what is touched is read.
///
/// A tensor from here is read-only (writing to it ends the process: the pages are the file's) and valid until
/// [#close]. The file must not be cut short meanwhile; [SafetensorsWriter] replaces files instead.
public final class SafetensorsFile implements AutoCloseable {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path path;
    private final Arena arena;
    private final long headerBytes;
    private final MemorySegment data;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private SafetensorsFile(Path path, Arena arena, MemorySegment file, long headerBytes, SafetensorsHeader header) {
        this.path = path;
        this.arena = arena;
        this.headerBytes = headerBytes;
        this.data = file.asSlice(headerBytes);
        this.metadata = header.metadata();
        Map<String, Entry> byName = new LinkedHashMap<>();
        header.entries().forEach(entry -> byName.put(entry.name(), entry));
        this.entries = Collections.unmodifiableMap(byName);
    }

    /// Maps a file and checks its header.
    ///
    /// @throws IllegalArgumentException if the header breaks a rule of the format, naming file, tensor and rule
    /// @throws UncheckedIOException if the file cannot be read
    @SuppressWarnings("MustBeClosedChecker") // the arena is the returned file's, or closed below
    public static SafetensorsFile open(Path path) {
        Arena arena = Arena.ofShared();
        boolean opened = false;
        try (var channel = FileChannel.open(path, StandardOpenOption.READ)) {
            MemorySegment file = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            int headerBytes = headerBytes(path, file);
            long dataStart = SafetensorsHeader.PREFIX_BYTES + (long) headerBytes;
            byte[] json =
                    file.asSlice(SafetensorsHeader.PREFIX_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
            var header = SafetensorsHeaderParser.parse(
                    path.toString(), new ByteArrayInputStream(json), file.byteSize() - dataStart);
            opened = true;
            return new SafetensorsFile(path, arena, file, dataStart, header);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        } finally {
            if (!opened) {
                arena.close();
            }
        }
    }

    private static int headerBytes(Path path, MemorySegment file) {
        long room = file.byteSize() - SafetensorsHeader.PREFIX_BYTES;
        if (room < 2) {
            throw new IllegalArgumentException(
                    path + ": " + file.byteSize() + " bytes are too few for a safetensors file");
        }
        long length = file.get(LENGTH, 0);
        if (length < 2 || length > Math.min(room, SafetensorsHeader.MAX_BYTES)) {
            throw new IllegalArgumentException(path + ": the header's length must be from 2 to "
                    + Math.min(room, SafetensorsHeader.MAX_BYTES) + " bytes: got " + Long.toUnsignedString(length)
                    + "; the file is cut short, or is no safetensors file");
        }
        if (file.get(ValueLayout.JAVA_BYTE, SafetensorsHeader.PREFIX_BYTES) != '{') {
            throw new IllegalArgumentException(path + ": the header must begin with {");
        }
        return (int) length;
    }

    public Path path() {
        return path;
    }

    /// Returns the bytes before those of the first tensor.
    long headerBytes() {
        return headerBytes;
    }

    /// Returns the tensors' names, in the order of their bytes.
    public Set<String> names() {
        return entries.keySet();
    }

    /// Returns the free text stored beside the tensors.
    public Map<String, String> metadata() {
        return metadata;
    }

    public DType dtype(String name) {
        return entry(name).dtype();
    }

    public long[] shape(String name) {
        return entry(name).dims();
    }

    /// Returns a tensor on the mapped file; needs an open [org.zebralm.tensor.Scope].
    ///
    /// One whose bytes do not lie at a multiple of its element's size is copied: native kernels need alignment.
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        MemorySegment bytes = bytes(name);
        if (bytes.byteSize() == 0) {
            return Tensors.empty(entry.dtype(), entry.dims());
        }
        if (bytes.address() % entry.dtype().bytes() == 0) {
            return Tensors.over(bytes, entry.dtype(), entry.dims());
        }
        Tensor copy = Tensors.empty(entry.dtype(), entry.dims());
        MemorySegment.copy(bytes, 0, copy.memory(), 0, bytes.byteSize());
        return copy;
    }

    /// Returns a tensor's bytes in the mapped file.
    MemorySegment bytes(String name) {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException(path + " has been closed; its tensors went with it");
        }
        Entry entry = entry(name);
        return data.asSlice(entry.begin(), entry.end() - entry.begin());
    }

    private Entry entry(String name) {
        @Nullable Entry entry = entries.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(path + " has no tensor named " + name);
        }
        return entry;
    }

    /// Unmaps the file; every tensor on it becomes invalid.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
