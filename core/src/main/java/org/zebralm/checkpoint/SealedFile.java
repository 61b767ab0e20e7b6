package org.zebralm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// A `.safetensors` file with a checksum over every byte, so that one cut short or altered is known for it.
///
/// The last tensor, [#CHECKSUMS], holds the CRC-32C of the header and of each tensor before it, in their
/// order. It is computed while the bytes are on their way to the disk: a state is walked through once, one
/// tensor at a time.
public final class SealedFile {
    /// The name of the tensor that holds the checksums, int64.
    public static final String CHECKSUMS = "checksums.crc32c";

    /// Bytes read at once.
    private static final int CHUNK = 8 << 20;

    private SealedFile() {}

    /// Replaces `target` by these tensors, atomically.
    ///
    /// @throws UncheckedIOException naming the file and the reason if it cannot be written
    public static void write(Path target, Map<String, Tensor> tensors, Map<String, String> metadata) {
        SafetensorsHeader header = layOut(tensors, metadata);
        AtomicFile.write(target, channel -> {
            var checksums =
                    ByteBuffer.allocate((tensors.size() + 1) * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer head = header.toBytes();
            checksums.putLong(checksum(head.duplicate()));
            AtomicFile.writeFully(channel, head);
            for (SafetensorsHeader.Entry entry : header.entries()) {
                if (!entry.name().equals(CHECKSUMS)) {
                    var crc = new CRC32C();
                    SafetensorsWriter.stream(
                            Objects.requireNonNull(tensors.get(entry.name())), entry.dtype(), chunk -> {
                                crc.update(chunk.duplicate());
                                AtomicFile.writeFully(channel, chunk);
                            });
                    checksums.putLong(crc.getValue());
                }
            }
            AtomicFile.writeFully(channel, checksums.flip());
        });
    }

    /// Returns the size in bytes of the file that [#write] would make.
    public static long size(Map<String, Tensor> tensors, Map<String, String> metadata) {
        SafetensorsHeader header = layOut(tensors, metadata);
        return header.toBytes().remaining() + header.entries().getLast().end();
    }

    /// Opens a file, having compared every byte with its checksum.
    ///
    /// @throws IllegalArgumentException saying what is damaged
    /// @throws UncheckedIOException if the file cannot be read
    public static SafetensorsFile open(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        boolean intact = false;
        try {
            requireIntact(file);
            intact = true;
            return file;
        } finally {
            if (!intact) {
                file.close();
            }
        }
    }

    private static SafetensorsHeader layOut(Map<String, Tensor> tensors, Map<String, String> metadata) {
        if (tensors.containsKey(CHECKSUMS)) {
            throw new IllegalArgumentException("a tensor cannot be called " + CHECKSUMS + ": its checksums are");
        }
        Map<String, DType> dtypes = new LinkedHashMap<>();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            dtypes.put(name, tensor.dtype());
            shapes.put(name, tensor.shape());
        });
        dtypes.put(CHECKSUMS, DType.INT64);
        shapes.put(CHECKSUMS, new long[] {tensors.size() + 1});
        return SafetensorsHeader.layOut(dtypes, shapes, metadata);
    }

    private static void requireIntact(SafetensorsFile file) {
        List<String> parts = new ArrayList<>(file.names());
        if (parts.isEmpty() || !parts.removeLast().equals(CHECKSUMS)) {
            throw new IllegalArgumentException(file.path() + " has no checksums: it is damaged, or none of ours");
        }
        parts.addFirst("header");
        MemorySegment expected = file.bytes(CHECKSUMS);
        if (file.dtype(CHECKSUMS) != DType.INT64 || expected.byteSize() != (long) parts.size() * Long.BYTES) {
            throw new IllegalArgumentException(file.path() + " is damaged: it must have " + parts.size()
                    + " checksums of 8 bytes: got " + expected.byteSize() + " bytes of "
                    + file.dtype(CHECKSUMS).label());
        }
        // Read, not mapped: where the disk fails, reading says so, and touching a mapping ends the program.
        try (var channel = FileChannel.open(file.path(), StandardOpenOption.READ)) {
            ByteBuffer buffer = ByteBuffer.allocateDirect(CHUNK);
            for (int i = 0; i < parts.size(); i++) {
                long bytes =
                        i == 0 ? file.headerBytes() : file.bytes(parts.get(i)).byteSize();
                long stored = expected.get(
                        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), (long) i * Long.BYTES);
                long found = checksum(channel, bytes, buffer);
                if (found != stored) {
                    throw new IllegalArgumentException("%s is damaged: the checksum of %s should be %08x, but is %08x"
                            .formatted(file.path(), parts.get(i), stored, found));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + file.path() + ": " + e.getMessage(), e);
        }
    }

    private static long checksum(ByteBuffer bytes) {
        var crc = new CRC32C();
        crc.update(bytes);
        return crc.getValue();
    }

    /// Returns the checksum of the next `bytes` of a file.
    private static long checksum(FileChannel channel, long bytes, ByteBuffer buffer) throws IOException {
        var crc = new CRC32C();
        long left = bytes;
        while (left > 0) {
            buffer.clear().limit((int) Math.min(left, buffer.capacity()));
            int read = channel.read(buffer);
            if (read < 0) {
                throw new IOException("it became shorter while it was read");
            }
            crc.update(buffer.flip());
            left -= read;
        }
        return crc.getValue();
    }
}
