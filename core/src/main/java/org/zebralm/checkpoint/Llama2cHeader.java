package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;

/// The first bytes of a llama2.c checkpoint.
///
/// Version 0 is seven numbers, the sign of the vocabulary's size telling whether the output head is a matrix of its
/// own. Version 1 has a magic number before them and the head's flag behind, and ends at byte 256. See `export.py` of
/// <https://github.com/karpathy/llama2.c>.
///
/// @param version 0 or 1
/// @param bytes where the weights begin
record Llama2cHeader(
        int version,
        int hiddenSize,
        int intermediateSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int vocabSize,
        int maxPositions,
        boolean tied,
        int bytes) {
    private static final int MAGIC = 0x616b3432;
    private static final int BYTES_0 = 7 * Integer.BYTES;
    private static final int BYTES_1 = 256;

    /// Larger numbers are no model's, and a product of three is below 2^63.
    private static final int MAX_SIZE = 1 << 20;

    /// Reads a header and makes sure that its numbers can be a model's.
    ///
    /// @throws IllegalArgumentException if they cannot, or the version is another
    static Llama2cHeader read(String file, MemorySegment bytes) {
        var in = new ByteCursor(file, bytes);
        int first = in.readInt();
        Llama2cHeader header = first == MAGIC ? readVersion1(file, in) : readSizes(0, first, in, BYTES_0);
        header.requireSensible(file);
        return header;
    }

    private static Llama2cHeader readVersion1(String file, ByteCursor in) {
        int version = in.readInt();
        if (version != 1) {
            throw new IllegalArgumentException(file + ": a llama2.c checkpoint must be of version 0 or 1: got "
                    + version + (version == 2 ? ", whose weights are int8; export it again as version 1" : ""));
        }
        Llama2cHeader header = readSizes(1, in.readInt(), in, BYTES_1);
        boolean tied = in.readByte() != 0;
        in.take(BYTES_1 - in.position());
        return tied ? header : header.untied();
    }

    private static Llama2cHeader readSizes(int version, int hiddenSize, ByteCursor in, int bytes) {
        int intermediateSize = in.readInt();
        int numLayers = in.readInt();
        int numHeads = in.readInt();
        int numKvHeads = in.readInt();
        int vocabSize = in.readInt();
        int maxPositions = in.readInt();
        boolean isNegative = version == 0 && vocabSize < 0;
        return new Llama2cHeader(
                version,
                hiddenSize,
                intermediateSize,
                numLayers,
                numHeads,
                numKvHeads,
                isNegative ? -vocabSize : vocabSize,
                maxPositions,
                !isNegative,
                bytes);
    }

    private Llama2cHeader untied() {
        return new Llama2cHeader(
                version,
                hiddenSize,
                intermediateSize,
                numLayers,
                numHeads,
                numKvHeads,
                vocabSize,
                maxPositions,
                false,
                bytes);
    }

    int headDim() {
        return hiddenSize / numHeads;
    }

    private void requireSensible(String file) {
        int[] sizes = {hiddenSize, intermediateSize, numLayers, numHeads, numKvHeads, vocabSize, maxPositions};
        for (int size : sizes) {
            if (size < 1 || size > MAX_SIZE) {
                throw new IllegalArgumentException(
                        file + " is no llama2.c checkpoint: each of its first numbers must be" + " a size from 1 to "
                                + MAX_SIZE + ": got " + size);
            }
        }
        if (numHeads % numKvHeads != 0 || hiddenSize % (2 * numHeads) != 0) {
            throw new IllegalArgumentException(file + ": the heads must share width " + hiddenSize
                    + " and the key-value heads must share them: got " + numHeads + " and " + numKvHeads);
        }
    }
}
