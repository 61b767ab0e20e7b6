package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.IntStream;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A GGUF file, memory-mapped: its metadata, and its tensors under the names and in the order they have there.
final class GgufFile implements AutoCloseable {
    /// Elements decoded by one thread at a time: whole blocks of every type, and small enough for its cache.
    private static final int SLICE = 1 << 16;

    private final MappedFile file;
    private final GgufHeader header;

    private GgufFile(MappedFile file, GgufHeader header) {
        this.file = file;
        this.header = header;
    }

    /// Maps a file and reads its header.
    ///
    /// @throws IllegalArgumentException if the header breaks a rule of the format
    /// @throws java.io.UncheckedIOException if the file cannot be read
    static GgufFile open(Path path) {
        MappedFile file = MappedFile.open(path);
        boolean opened = false;
        try {
            var read = new GgufFile(file, GgufHeader.read(path.toString(), file.bytes()));
            opened = true;
            return read;
        } finally {
            if (!opened) {
                file.close();
            }
        }
    }

    Path path() {
        return file.path();
    }

    Map<String, GgufValue> metadata() {
        return header.metadata();
    }

    /// Returns where each tensor lies.
    Map<String, GgufHeader.Entry> tensors() {
        return header.tensors();
    }

    /// Returns a tensor: a view of the file, or decoded to `dtype` if it is quantized.
    Tensor tensor(GgufHeader.Entry entry, DType dtype) {
        file.requireOpen();
        DType plain = entry.type().plain;
        if (plain != null) {
            return MappedFile.tensor(entry.bytes(), plain, entry.shape());
        }
        Tensor tensor = Tensors.empty(dtype, entry.shape());
        try (var _ = Scope.open()) {
            decode(entry, tensor.reshape(tensor.numElements()));
        }
        return tensor;
    }

    /// Decodes a tensor piece by piece, so that float32 exists of one piece only.
    private static void decode(GgufHeader.Entry entry, Tensor target) {
        GgufType type = entry.type();
        long numElements = target.numElements();
        int numSlices = Runtime.getRuntime().availableProcessors();
        int pieceElements = (int) Math.min(numElements, (long) SLICE * numSlices);
        Tensor piece = Tensors.empty(DType.FLOAT32, pieceElements);
        MemorySegment memory = piece.memory();
        byte[][] blocks = new byte[numSlices][SLICE / type.blockElements * type.blockBytes];
        float[][] floats = new float[numSlices][SLICE];
        for (long start = 0; start < numElements; start += pieceElements) {
            long first = start;
            int count = (int) Math.min(pieceElements, numElements - start);
            IntStream.range(0, Math.ceilDiv(count, SLICE)).parallel().forEach(slice -> {
                int from = slice * SLICE;
                int sliceBlocks = Math.min(SLICE, count - from) / type.blockElements;
                int sliceBytes = sliceBlocks * type.blockBytes;
                long at = (first + from) / type.blockElements * type.blockBytes;
                MemorySegment.copy(entry.bytes(), ValueLayout.JAVA_BYTE, at, blocks[slice], 0, sliceBytes);
                GgufBlocks.decode(type, blocks[slice], sliceBlocks, floats[slice]);
                MemorySegment.copy(
                        floats[slice],
                        0,
                        memory,
                        ValueLayout.JAVA_FLOAT_UNALIGNED,
                        (long) from * Float.BYTES,
                        sliceBlocks * type.blockElements);
            });
            target.narrow(0, start, count).copyInPlace(piece.narrow(0, 0, count));
        }
    }

    @Override
    public void close() {
        file.close();
    }
}
