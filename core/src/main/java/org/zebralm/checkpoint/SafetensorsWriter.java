package org.zebralm.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Writes tensors as a `.safetensors` file, replacing it atomically.
///
/// Tensors are converted and written one at a time, in the map's order; equal tensors give equal bytes.
public final class SafetensorsWriter {
    /// Bytes handed on at once: a buffer cannot hold more than 2 GiB, and what fits the cache is read twice
    /// for once.
    private static final long CHUNK = 8 << 20;

    private SafetensorsWriter() {}

    /// Writes tensors in their own element types.
    public static void write(Path target, Map<String, Tensor> tensors, Map<String, String> metadata) {
        Map<String, PendingTensor> pending = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> pending.put(name, PendingTensor.of(tensor, tensor.dtype())));
        writeAsMade(target, pending, metadata);
    }

    /// Writes all tensors as `dtype`.
    public static void write(Path target, Map<String, Tensor> tensors, DType dtype, Map<String, String> metadata) {
        Map<String, PendingTensor> pending = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> pending.put(name, PendingTensor.of(tensor, dtype)));
        writeAsMade(target, pending, metadata);
    }

    /// Writes tensors that are made while they are written: of each, one piece is in memory at a time.
    ///
    /// @throws IllegalStateException if the pieces of a tensor are not as many numbers as its shape says
    public static void writeAsMade(Path target, Map<String, PendingTensor> tensors, Map<String, String> metadata) {
        Map<String, DType> dtypes = new LinkedHashMap<>();
        Map<String, long[]> shapes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            dtypes.put(name, tensor.dtype());
            shapes.put(name, tensor.shape());
        });
        SafetensorsHeader header = SafetensorsHeader.layOut(dtypes, shapes, metadata);
        AtomicFile.write(target, channel -> {
            AtomicFile.writeFully(channel, header.toBytes());
            long start = channel.position();
            for (SafetensorsHeader.Entry entry : header.entries()) {
                Objects.requireNonNull(tensors.get(entry.name()))
                        .writeTo(piece -> stream(piece, entry.dtype(), chunk -> AtomicFile.writeFully(channel, chunk)));
                if (channel.position() - start != entry.end()) {
                    throw new IllegalStateException("the pieces of " + entry.name() + " must fill it: got bytes up to "
                            + (channel.position() - start) + " of " + entry.end());
                }
            }
        });
    }

    /// Takes a tensor's bytes, piece by piece.
    @FunctionalInterface
    interface Sink {
        void take(ByteBuffer chunk) throws IOException;
    }

    /// Hands the bytes of a tensor over as `dtype`, in order; what has to be copied for that exists
    /// meanwhile only.
    static void stream(Tensor tensor, DType dtype, Sink sink) throws IOException {
        try (var _ = Scope.open()) {
            MemorySegment memory =
                    tensor.detach().to(Device.CPU).to(dtype).contiguous().memory();
            for (long at = 0; at < memory.byteSize(); at += CHUNK) {
                sink.take(memory.asSlice(at, Math.min(CHUNK, memory.byteSize() - at))
                        .asByteBuffer());
            }
        }
    }
}
