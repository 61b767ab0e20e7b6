package org.zebralm.checkpoint;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.zebralm.checkpoint.SafetensorsHeader.Entry;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A `.safetensors` file, memory-mapped: its tensors are views of the file, and only what is touched is read.
///
/// A tensor from here is read-only (writing to it ends the process: the pages are the file's) and valid until
/// [#close]. The file must not be cut short meanwhile; [SafetensorsWriter] replaces files instead.
public final class SafetensorsFile implements WeightSource {
    private static final ValueLayout.OfLong LENGTH = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MappedFile file;
    private final long headerBytes;
    private final MemorySegment data;
    private final Map<String, Entry> entries;
    private final Map<String, String> metadata;

    private SafetensorsFile(MappedFile file, long headerBytes, SafetensorsHeader header) {
        this.file = file;
        this.headerBytes = headerBytes;
        this.data = file.bytes().asSlice(headerBytes);
        this.metadata = header.metadata();
        Map<String, Entry> byName = new LinkedHashMap<>();
        header.entries().forEach(entry -> byName.put(entry.name(), entry));
        this.entries = Collections.unmodifiableMap(byName);
    }

    /// Maps a file and checks its header.
    ///
    /// @throws IllegalArgumentException if the header breaks a rule of the format, naming file, tensor and rule
    /// @throws UncheckedIOException if the file cannot be read
    public static SafetensorsFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean opened = false;
        try {
            MemorySegment bytes = file.bytes();
            int headerBytes = headerBytes(path, bytes);
            long dataStart = SafetensorsHeader.PREFIX_BYTES + (long) headerBytes;
            byte[] json =
                    bytes.asSlice(SafetensorsHeader.PREFIX_BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
            var header = SafetensorsHeaderParser.parse(
                    path.toString(), new ByteArrayInputStream(json), bytes.byteSize() - dataStart);
            opened = true;
            return new SafetensorsFile(file, dataStart, header);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + path + ": " + e.getMessage(), e);
        } finally {
            if (!opened) {
                file.close();
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
        return file.path();
    }

    /// Returns the bytes before those of the first tensor.
    long headerBytes() {
        return headerBytes;
    }

    /// Returns the tensors' names, in the order of their bytes.
    @Override
    public Set<String> names() {
        return entries.keySet();
    }

    /// Returns the free text stored beside the tensors.
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public DType dtype(String name) {
        return entry(name).dtype();
    }

    @Override
    public long[] shape(String name) {
        return entry(name).dims();
    }

    /// Returns a tensor on the mapped file; needs an open [org.zebralm.tensor.Scope].
    ///
    /// One whose bytes do not lie at a multiple of its element's size is copied: native kernels need alignment.
    @Override
    public Tensor tensor(String name) {
        Entry entry = entry(name);
        return MappedFile.tensor(bytes(name), entry.dtype(), entry.dims());
    }

    /// Returns a tensor's bytes in the mapped file.
    MemorySegment bytes(String name) {
        file.requireOpen();
        Entry entry = entry(name);
        return data.asSlice(entry.begin(), entry.end() - entry.begin());
    }

    private Entry entry(String name) {
        return TensorNames.find(entries, name, path());
    }

    /// Unmaps the file; every tensor on it becomes invalid.
    @Override
    public void close() {
        file.close();
    }
}
