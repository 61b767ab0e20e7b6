package org.zebralm.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
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
    /// Bytes handed to the system at once: a buffer cannot hold more than 2 GiB.
    private static final long CHUNK = 64 << 20;

    private SafetensorsWriter() {}

    /// Writes tensors in their own element types.
    public static void write(Path target, Map<String, Tensor> tensors, Map<String, String> metadata) {
        Map<String, DType> dtypes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> dtypes.put(name, tensor.dtype()));
        write(target, tensors, dtypes, metadata);
    }

    /// Writes all tensors as `dtype`.
    public static void write(Path target, Map<String, Tensor> tensors, DType dtype, Map<String, String> metadata) {
        Map<String, DType> dtypes = new LinkedHashMap<>();
        tensors.keySet().forEach(name -> dtypes.put(name, dtype));
        write(target, tensors, dtypes, metadata);
    }

    private static void write(
            Path target, Map<String, Tensor> tensors, Map<String, DType> dtypes, Map<String, String> metadata) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> shapes.put(name, tensor.shape()));
        SafetensorsHeader header = SafetensorsHeader.layOut(dtypes, shapes, metadata);
        AtomicFile.write(target, channel -> {
            AtomicFile.writeFully(channel, header.toBytes());
            for (SafetensorsHeader.Entry entry : header.entries()) {
                try (var _ = Scope.open()) {
                    Tensor tensor = Objects.requireNonNull(tensors.get(entry.name()));
                    write(
                            channel,
                            tensor.detach().to(Device.CPU).to(entry.dtype()).contiguous());
                }
            }
        });
    }

    private static void write(FileChannel channel, Tensor tensor) throws IOException {
        MemorySegment memory = tensor.memory();
        for (long at = 0; at < memory.byteSize(); at += CHUNK) {
            long length = Math.min(CHUNK, memory.byteSize() - at);
            AtomicFile.writeFully(channel, memory.asSlice(at, length).asByteBuffer());
        }
    }
}
