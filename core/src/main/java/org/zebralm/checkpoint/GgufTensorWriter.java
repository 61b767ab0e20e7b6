package org.zebralm.checkpoint;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.stream.IntStream;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// Writes the numbers of a tensor as a GGUF file stores them, piece by piece.
final class GgufTensorWriter {
    /// Elements encoded by one thread at a time: whole blocks.
    private static final int SLICE = 1 << 16;

    private static final int FLOAT16_EXPONENT = 0x7C00;

    private GgufTensorWriter() {}

    /// Writes `tensor`, of any type, as `type`.
    ///
    /// @throws IllegalArgumentException if a number is beyond what `type` can hold
    static void write(Tensor tensor, GgufType type, FileChannel channel) throws IOException {
        try (var _ = Scope.open()) {
            Tensor flat = tensor.detach().to(Device.CPU).contiguous();
            flat = flat.reshape(flat.numElements());
            if (type.plain == null) {
                writeBlocks(flat, type, channel);
            } else {
                writePlain(flat, type.plain, channel);
            }
        }
    }

    private static void writePlain(Tensor flat, DType dtype, FileChannel channel) throws IOException {
        boolean mayOverflow = dtype == DType.FLOAT16 && flat.dtype() != DType.FLOAT16;
        long pieceElements = pieceElements(flat);
        for (long start = 0; start < flat.numElements(); start += pieceElements) {
            Tensor piece = flat.narrow(0, start, Math.min(pieceElements, flat.numElements() - start));
            SafetensorsWriter.stream(piece, dtype, chunk -> {
                if (mayOverflow) {
                    requireFinite(chunk.duplicate());
                }
                AtomicFile.writeFully(channel, chunk);
            });
        }
    }

    private static void requireFinite(ByteBuffer halves) {
        var shorts = halves.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
        while (shorts.hasRemaining()) {
            if ((shorts.get() & FLOAT16_EXPONENT) == FLOAT16_EXPONENT) {
                throw new IllegalArgumentException(
                        "numbers must be finite and below 65520 to be stored as F16; take BF16 or F32");
            }
        }
    }

    private static long pieceElements(Tensor flat) {
        return Math.min(flat.numElements(), (long) SLICE * Runtime.getRuntime().availableProcessors());
    }

    private static void writeBlocks(Tensor flat, GgufType type, FileChannel channel) throws IOException {
        int pieceElements = (int) pieceElements(flat);
        int numSlices = Math.ceilDiv(pieceElements, SLICE);
        float[][] floats = new float[numSlices][SLICE];
        byte[][] blocks = new byte[numSlices][SLICE / type.blockElements * type.blockBytes];
        for (long start = 0; start < flat.numElements(); start += pieceElements) {
            int count = (int) Math.min(pieceElements, flat.numElements() - start);
            try (var _ = Scope.open()) {
                MemorySegment numbers = flat.narrow(0, start, count)
                        .to(DType.FLOAT32)
                        .contiguous()
                        .memory();
                IntStream.range(0, Math.ceilDiv(count, SLICE)).parallel().forEach(slice -> {
                    int from = slice * SLICE;
                    int elements = Math.min(SLICE, count - from);
                    MemorySegment.copy(
                            numbers,
                            ValueLayout.JAVA_FLOAT_UNALIGNED,
                            (long) from * Float.BYTES,
                            floats[slice],
                            0,
                            elements);
                    GgufQuantizer.encode(type, floats[slice], elements / type.blockElements, blocks[slice]);
                });
            }
            for (int slice = 0; slice * SLICE < count; slice++) {
                int elements = Math.min(SLICE, count - slice * SLICE);
                int bytes = elements / type.blockElements * type.blockBytes;
                AtomicFile.writeFully(channel, ByteBuffer.wrap(blocks[slice], 0, bytes));
            }
        }
    }
}
