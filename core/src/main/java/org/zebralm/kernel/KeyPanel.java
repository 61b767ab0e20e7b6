package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/// Keys read from memory to `[width][64]`: lanes are keys, so that no score needs a sum across lanes.
///
/// Sixteen keys at a time are transposed as 32-bit words, of which there are half as many as elements for bfloat16 and
/// a quarter for int8; shifts take the words apart afterwards. For machines of 16 lanes. Written out for the reason
/// given in [RegisterTile].
final class KeyPanel {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final MemorySegment MEMORY = Rows.MEMORY;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final int L = Lanes.COUNT;
    private static final int BLOCK = Lanes.BLOCK;
    private static final int UPPER = 0xffff0000;

    private KeyPanel() {}

    /// Puts the first 16 of a block's keys, `stride` bytes apart at `from`, into 16 lanes of `width` rows of 64 at
    /// `to`;
    /// `words` is room for a sixteenth as many floats for each word of a key. Their width has to fit
    /// ([WordOrder#fits]).
    static void read(long from, long stride, int width, Storage storage, float[] w, int words, int to) {
        switch (storage) {
            case FLOAT32 -> {
                for (int d = 0; d < width; d += L) {
                    square(from + 4L * d, stride, w, to + d * BLOCK);
                }
            }
            case BFLOAT16 -> {
                for (int d = 0; d < width; d += 2 * L) {
                    square(from + 2L * d, stride, w, words);
                    splitBfloat16(w, words, to + d * BLOCK);
                }
            }
            case INT8 -> {
                for (int d = 0; d < width; d += 4 * L) {
                    square(from + d, stride, w, words);
                    splitInt8(w, words, to + d * BLOCK);
                }
            }
        }
    }

    private static void splitBfloat16(float[] w, int words, int to) {
        int at = to;
        for (int i = words; i < words + 16 * BLOCK; i += BLOCK) {
            IntVector x = FloatVector.fromArray(S, w, i).reinterpretAsInts();
            x.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, at);
            x.and(UPPER).reinterpretAsFloats().intoArray(w, at + BLOCK);
            at += 2 * BLOCK;
        }
    }

    private static void splitInt8(float[] w, int words, int to) {
        int at = to;
        for (int i = words; i < words + 16 * BLOCK; i += BLOCK) {
            IntVector x = FloatVector.fromArray(S, w, i).reinterpretAsInts();
            ((FloatVector) x.lanewise(VectorOperators.LSHL, 24)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0))
                    .intoArray(w, at);
            ((FloatVector) x.lanewise(VectorOperators.LSHL, 16)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0))
                    .intoArray(w, at + BLOCK);
            ((FloatVector) x.lanewise(VectorOperators.LSHL, 8)
                            .lanewise(VectorOperators.ASHR, 24)
                            .convert(VectorOperators.I2F, 0))
                    .intoArray(w, at + 2 * BLOCK);
            ((FloatVector) x.lanewise(VectorOperators.ASHR, 24).convert(VectorOperators.I2F, 0))
                    .intoArray(w, at + 3 * BLOCK);
            at += 4 * BLOCK;
        }
    }

    /// Transposes 16 words of each of 16 keys into 16 lanes of as many rows of 64.
    private static void square(long from, long stride, float[] w, int to) {
        IntVector a0 = IntVector.fromMemorySegment(INTS, MEMORY, from, ORDER);
        IntVector a1 = IntVector.fromMemorySegment(INTS, MEMORY, from + stride, ORDER);
        IntVector a2 = IntVector.fromMemorySegment(INTS, MEMORY, from + 2 * stride, ORDER);
        IntVector a3 = IntVector.fromMemorySegment(INTS, MEMORY, from + 3 * stride, ORDER);
        IntVector a4 = IntVector.fromMemorySegment(INTS, MEMORY, from + 4 * stride, ORDER);
        IntVector a5 = IntVector.fromMemorySegment(INTS, MEMORY, from + 5 * stride, ORDER);
        IntVector a6 = IntVector.fromMemorySegment(INTS, MEMORY, from + 6 * stride, ORDER);
        IntVector a7 = IntVector.fromMemorySegment(INTS, MEMORY, from + 7 * stride, ORDER);
        IntVector a8 = IntVector.fromMemorySegment(INTS, MEMORY, from + 8 * stride, ORDER);
        IntVector a9 = IntVector.fromMemorySegment(INTS, MEMORY, from + 9 * stride, ORDER);
        IntVector a10 = IntVector.fromMemorySegment(INTS, MEMORY, from + 10 * stride, ORDER);
        IntVector a11 = IntVector.fromMemorySegment(INTS, MEMORY, from + 11 * stride, ORDER);
        IntVector a12 = IntVector.fromMemorySegment(INTS, MEMORY, from + 12 * stride, ORDER);
        IntVector a13 = IntVector.fromMemorySegment(INTS, MEMORY, from + 13 * stride, ORDER);
        IntVector a14 = IntVector.fromMemorySegment(INTS, MEMORY, from + 14 * stride, ORDER);
        IntVector a15 = IntVector.fromMemorySegment(INTS, MEMORY, from + 15 * stride, ORDER);
        IntVector b0 = Transpose.LOW_1.selectFrom(a0, a1);
        IntVector b1 = Transpose.HIGH_1.selectFrom(a0, a1);
        IntVector b2 = Transpose.LOW_1.selectFrom(a2, a3);
        IntVector b3 = Transpose.HIGH_1.selectFrom(a2, a3);
        IntVector b4 = Transpose.LOW_1.selectFrom(a4, a5);
        IntVector b5 = Transpose.HIGH_1.selectFrom(a4, a5);
        IntVector b6 = Transpose.LOW_1.selectFrom(a6, a7);
        IntVector b7 = Transpose.HIGH_1.selectFrom(a6, a7);
        IntVector b8 = Transpose.LOW_1.selectFrom(a8, a9);
        IntVector b9 = Transpose.HIGH_1.selectFrom(a8, a9);
        IntVector b10 = Transpose.LOW_1.selectFrom(a10, a11);
        IntVector b11 = Transpose.HIGH_1.selectFrom(a10, a11);
        IntVector b12 = Transpose.LOW_1.selectFrom(a12, a13);
        IntVector b13 = Transpose.HIGH_1.selectFrom(a12, a13);
        IntVector b14 = Transpose.LOW_1.selectFrom(a14, a15);
        IntVector b15 = Transpose.HIGH_1.selectFrom(a14, a15);
        IntVector c0 = Transpose.LOW_2.selectFrom(b0, b2);
        IntVector c2 = Transpose.HIGH_2.selectFrom(b0, b2);
        IntVector c1 = Transpose.LOW_2.selectFrom(b1, b3);
        IntVector c3 = Transpose.HIGH_2.selectFrom(b1, b3);
        IntVector c4 = Transpose.LOW_2.selectFrom(b4, b6);
        IntVector c6 = Transpose.HIGH_2.selectFrom(b4, b6);
        IntVector c5 = Transpose.LOW_2.selectFrom(b5, b7);
        IntVector c7 = Transpose.HIGH_2.selectFrom(b5, b7);
        IntVector c8 = Transpose.LOW_2.selectFrom(b8, b10);
        IntVector c10 = Transpose.HIGH_2.selectFrom(b8, b10);
        IntVector c9 = Transpose.LOW_2.selectFrom(b9, b11);
        IntVector c11 = Transpose.HIGH_2.selectFrom(b9, b11);
        IntVector c12 = Transpose.LOW_2.selectFrom(b12, b14);
        IntVector c14 = Transpose.HIGH_2.selectFrom(b12, b14);
        IntVector c13 = Transpose.LOW_2.selectFrom(b13, b15);
        IntVector c15 = Transpose.HIGH_2.selectFrom(b13, b15);
        IntVector d0 = Transpose.LOW_4.selectFrom(c0, c4);
        IntVector d4 = Transpose.HIGH_4.selectFrom(c0, c4);
        IntVector d1 = Transpose.LOW_4.selectFrom(c1, c5);
        IntVector d5 = Transpose.HIGH_4.selectFrom(c1, c5);
        IntVector d2 = Transpose.LOW_4.selectFrom(c2, c6);
        IntVector d6 = Transpose.HIGH_4.selectFrom(c2, c6);
        IntVector d3 = Transpose.LOW_4.selectFrom(c3, c7);
        IntVector d7 = Transpose.HIGH_4.selectFrom(c3, c7);
        IntVector d8 = Transpose.LOW_4.selectFrom(c8, c12);
        IntVector d12 = Transpose.HIGH_4.selectFrom(c8, c12);
        IntVector d9 = Transpose.LOW_4.selectFrom(c9, c13);
        IntVector d13 = Transpose.HIGH_4.selectFrom(c9, c13);
        IntVector d10 = Transpose.LOW_4.selectFrom(c10, c14);
        IntVector d14 = Transpose.HIGH_4.selectFrom(c10, c14);
        IntVector d11 = Transpose.LOW_4.selectFrom(c11, c15);
        IntVector d15 = Transpose.HIGH_4.selectFrom(c11, c15);
        IntVector e0 = Transpose.LOW_8.selectFrom(d0, d8);
        IntVector e8 = Transpose.HIGH_8.selectFrom(d0, d8);
        IntVector e1 = Transpose.LOW_8.selectFrom(d1, d9);
        IntVector e9 = Transpose.HIGH_8.selectFrom(d1, d9);
        IntVector e2 = Transpose.LOW_8.selectFrom(d2, d10);
        IntVector e10 = Transpose.HIGH_8.selectFrom(d2, d10);
        IntVector e3 = Transpose.LOW_8.selectFrom(d3, d11);
        IntVector e11 = Transpose.HIGH_8.selectFrom(d3, d11);
        IntVector e4 = Transpose.LOW_8.selectFrom(d4, d12);
        IntVector e12 = Transpose.HIGH_8.selectFrom(d4, d12);
        IntVector e5 = Transpose.LOW_8.selectFrom(d5, d13);
        IntVector e13 = Transpose.HIGH_8.selectFrom(d5, d13);
        IntVector e6 = Transpose.LOW_8.selectFrom(d6, d14);
        IntVector e14 = Transpose.HIGH_8.selectFrom(d6, d14);
        IntVector e7 = Transpose.LOW_8.selectFrom(d7, d15);
        IntVector e15 = Transpose.HIGH_8.selectFrom(d7, d15);
        e0.reinterpretAsFloats().intoArray(w, to);
        e1.reinterpretAsFloats().intoArray(w, to + 1 * BLOCK);
        e2.reinterpretAsFloats().intoArray(w, to + 2 * BLOCK);
        e3.reinterpretAsFloats().intoArray(w, to + 3 * BLOCK);
        e4.reinterpretAsFloats().intoArray(w, to + 4 * BLOCK);
        e5.reinterpretAsFloats().intoArray(w, to + 5 * BLOCK);
        e6.reinterpretAsFloats().intoArray(w, to + 6 * BLOCK);
        e7.reinterpretAsFloats().intoArray(w, to + 7 * BLOCK);
        e8.reinterpretAsFloats().intoArray(w, to + 8 * BLOCK);
        e9.reinterpretAsFloats().intoArray(w, to + 9 * BLOCK);
        e10.reinterpretAsFloats().intoArray(w, to + 10 * BLOCK);
        e11.reinterpretAsFloats().intoArray(w, to + 11 * BLOCK);
        e12.reinterpretAsFloats().intoArray(w, to + 12 * BLOCK);
        e13.reinterpretAsFloats().intoArray(w, to + 13 * BLOCK);
        e14.reinterpretAsFloats().intoArray(w, to + 14 * BLOCK);
        e15.reinterpretAsFloats().intoArray(w, to + 15 * BLOCK);
    }
}
