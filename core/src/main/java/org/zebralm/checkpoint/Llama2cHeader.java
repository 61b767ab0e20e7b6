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
    /// The record's sizes stand in the file in the record's order.
    private static final int NUM_SIZES = 7;

    private static final int VOCAB_SIZE = 5;
    private static final int BYTES_0 = NUM_SIZES * Integer.BYTES;
    private static final int BYTES_1 = 256;

    /// Larger numbers are no model's, and a product of three is below 2^63.
    private static final int MAX_SIZE = 1 << 20;

    /// Reads a header and makes sure that its numbers can be a model's.
    ///
    /// @throws IllegalArgumentException if they cannot, or the version is another
    static Llama2cHeader read(String file, MemorySegment bytes) {
        var in = new ByteCursor(file, bytes);
        int first = in.readInt();
        if (first == MAGIC) {
            return readVersion1(file, in);
        }
        int[] sizes = readSizes(first, in);
        boolean isTied = sizes[VOCAB_SIZE] >= 0;
        sizes[VOCAB_SIZE] = isTied ? sizes[VOCAB_SIZE] : -sizes[VOCAB_SIZE];
        return of(file, 0, sizes, isTied, BYTES_0);
    }

    private static Llama2cHeader readVersion1(String file, ByteCursor in) {
        int version = in.readInt();
        if (version != 1) {
            throw new IllegalArgumentException(file + ": a llama2.c checkpoint must be of version 0 or 1: got "
                    + version + (version == 2 ? ", whose weights are int8; export it again as version 1" : ""));
        }
        int[] sizes = readSizes(in.readInt(), in);
        boolean isTied = in.readByte() != 0;
        in.take(BYTES_1 - in.position());
        return of(file, 1, sizes, isTied, BYTES_1);
    }

    private static int[] readSizes(int first, ByteCursor in) {
        int[] sizes = new int[NUM_SIZES];
        sizes[0] = first;
        for (int i = 1; i < sizes.length; i++) {
            sizes[i] = in.readInt();
        }
        return sizes;
    }

    private static Llama2cHeader of(String file, int version, int[] sizes, boolean tied, int bytes) {
        for (int size : sizes) {
            if (size < 1 || size > MAX_SIZE) {
                throw new IllegalArgumentException(
                        file + " is no llama2.c checkpoint: each of its first numbers must be a size from 1 to "
                                + MAX_SIZE + ": got " + size);
            }
        }
        var header = new Llama2cHeader(
                version, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[VOCAB_SIZE], sizes[6], tied, bytes);
        header.requireSharedWidth(file);
        return header;
    }

    int headDim() {
        return hiddenSize / numHeads;
    }

    private void requireSharedWidth(String file) {
        if (numHeads % numKvHeads != 0 || hiddenSize % (2 * numHeads) != 0) {
            throw new IllegalArgumentException(file + ": the heads must share width " + hiddenSize
                    + " and the key-value heads must share them: got " + numHeads + " and " + numKvHeads);
        }
    }
}
