package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// Moves rows between tensors' memory and a worker's `float[]`, widening bfloat16 and int8 and rounding to
/// bfloat16.
///
/// The only code that touches raw addresses. They come from [RowView], which checked them against the tensors'
/// shapes.
final class Rows {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final VectorSpecies<Integer> INTS = Lanes.INTS;
    private static final VectorSpecies<Short> HALVES = Lanes.HALVES;

    /// At least 8 bytes, the smallest vector there is: with four lanes of float32 half of them are not used.
    static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, 8 * Lanes.COUNT)));

    private static final int L = Lanes.COUNT;
    private static final ByteOrder ORDER = ByteOrder.nativeOrder();
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final MemorySegment MEMORY = everything();

    private Rows() {}

    @SuppressWarnings("restricted") // addresses are checked when a RowView is made
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /// Reads `count` rows of `width`, `stride` bytes apart, to rows of `padded` floats at `to`, padding them
    /// with zeros.
    static void read(long from, long stride, int count, int width, Storage storage, float[] w, int to, int padded) {
        switch (storage) {
            case FLOAT32 -> readFloats(from, stride, count, width, w, to, padded);
            case BFLOAT16 -> readBfloat16(from, stride, count, width, w, to, padded);
            case INT8 -> readInt8(from, stride, count, width, w, to, padded);
        }
    }

    // Columns outside, rows inside: a loop over one short row does not pay for its own beginning and end.
    private static void readFloats(long from, long stride, int count, int width, float[] w, int to, int padded) {
        int d = 0;
        for (; d + 4 * L <= width; d += 4 * L) {
            long in = from + 4L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                FloatVector.fromMemorySegment(S, MEMORY, in, ORDER).intoArray(w, out);
                FloatVector.fromMemorySegment(S, MEMORY, in + 4L * L, ORDER).intoArray(w, out + L);
                FloatVector.fromMemorySegment(S, MEMORY, in + 8L * L, ORDER).intoArray(w, out + 2 * L);
                FloatVector.fromMemorySegment(S, MEMORY, in + 12L * L, ORDER).intoArray(w, out + 3 * L);
                in += stride;
                out += padded;
            }
        }
        for (; d + L <= width; d += L) {
            long in = from + 4L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                FloatVector.fromMemorySegment(S, MEMORY, in, ORDER).intoArray(w, out);
                in += stride;
                out += padded;
            }
        }
        for (int i = 0; d < padded && i < count; i++) {
            for (int e = d; e < padded; e++) {
                w[to + i * padded + e] = e < width ? MEMORY.get(FLOAT, from + i * stride + 4L * e) : 0;
            }
        }
    }

    private static void readBfloat16(long from, long stride, int count, int width, float[] w, int to, int padded) {
        int d = 0;
        // Whole rows where they are wide, so that memory is read as one stream: cached keys come from far away.
        for (; d + 8 * L <= width; d += 8 * L) {
            long in = from + 2L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                IntVector x0 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x1 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 2L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x2 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 4L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x3 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 6L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x4 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 8L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x5 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 10L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x6 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 12L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x7 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 14L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out);
                x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + L);
                x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 2 * L);
                x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 3 * L);
                x4.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 4 * L);
                x5.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 5 * L);
                x6.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 6 * L);
                x7.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 7 * L);
                in += stride;
                out += padded;
            }
        }
        for (; d + 4 * L <= width; d += 4 * L) {
            long in = from + 2L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                IntVector x0 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x1 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 2L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x2 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 4L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector x3 = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 6L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                x0.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out);
                x1.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + L);
                x2.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 2 * L);
                x3.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + 3 * L);
                in += stride;
                out += padded;
            }
        }
        for (; d + 2 * L <= width; d += 2 * L) {
            long in = from + 2L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                IntVector low = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                IntVector high = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in + 2L * L, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                low.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out);
                high.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out + L);
                in += stride;
                out += padded;
            }
        }
        for (; d + L <= width; d += L) {
            long in = from + 2L * d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                IntVector bits = (IntVector) ShortVector.fromMemorySegment(HALVES, MEMORY, in, ORDER)
                        .convertShape(VectorOperators.S2I, INTS, 0);
                bits.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats().intoArray(w, out);
                in += stride;
                out += padded;
            }
        }
        for (int i = 0; d < padded && i < count; i++) {
            for (int e = d; e < padded; e++) {
                int bits = e < width ? MEMORY.get(HALF, from + i * stride + 2L * e) << 16 : 0;
                w[to + i * padded + e] = Float.intBitsToFloat(bits);
            }
        }
    }

    private static void readInt8(long from, long stride, int count, int width, float[] w, int to, int padded) {
        int d = 0;
        for (; d + BYTES.length() <= width; d += L) {
            long in = from + d;
            int out = to + d;
            for (int i = 0; i < count; i++) {
                ((FloatVector) ByteVector.fromMemorySegment(BYTES, MEMORY, in, ORDER)
                                .convertShape(VectorOperators.B2F, S, 0))
                        .intoArray(w, out);
                in += stride;
                out += padded;
            }
        }
        for (int i = 0; d < padded && i < count; i++) {
            for (int e = d; e < padded; e++) {
                w[to + i * padded + e] = e < width ? MEMORY.get(BYTE, from + i * stride + e) : 0;
            }
        }
    }

    /// Multiplies `count` floats, a multiple of 16.
    static void multiply(float[] w, int from, int count, float factor) {
        for (int a = from; a < from + count; a += L) {
            FloatVector.fromArray(S, w, a).mul(factor).intoArray(w, a);
        }
    }

    /// Writes `count` rows of `width` floats, `apart` floats apart at `from`, multiplied by `factor`.
    static void write(
            float[] w, int from, int apart, int count, int width, float factor, Storage storage, long to, long stride) {
        switch (storage) {
            case FLOAT32 -> writeFloats(w, from, apart, count, width, factor, to, stride);
            case BFLOAT16 -> writeBfloat16(w, from, apart, count, width, factor, to, stride);
            case INT8 -> throw new IllegalArgumentException("results are not stored as int8");
        }
    }

    private static void writeFloats(
            float[] w, int from, int apart, int count, int width, float factor, long to, long stride) {
        int whole = width / L * L;
        int in = from;
        long row = to;
        for (int i = 0; i < count; i++) {
            for (int d = 0; d < whole; d += L) {
                FloatVector.fromArray(S, w, in + d).mul(factor).intoMemorySegment(MEMORY, row + 4L * d, ORDER);
            }
            for (int d = whole; d < width; d++) {
                MEMORY.set(FLOAT, row + 4L * d, w[in + d] * factor);
            }
            in += apart;
            row += stride;
        }
    }

    private static void writeBfloat16(
            float[] w, int from, int apart, int count, int width, float factor, long to, long stride) {
        int whole = width / L * L;
        int in = from;
        long row = to;
        for (int i = 0; i < count; i++) {
            for (int d = 0; d < whole; d += L) {
                // Round to nearest, ties to even: add half of the last place kept, less one where that place is
                // even.
                IntVector bits = FloatVector.fromArray(S, w, in + d).mul(factor).reinterpretAsInts();
                IntVector odd = bits.lanewise(VectorOperators.LSHR, 16).and(1);
                IntVector rounded = bits.add(odd.add(0x7fff)).lanewise(VectorOperators.LSHR, 16);
                ((ShortVector) rounded.convertShape(VectorOperators.I2S, HALVES, 0))
                        .intoMemorySegment(MEMORY, row + 2L * d, ORDER);
            }
            for (int d = whole; d < width; d++) {
                int bits = Float.floatToRawIntBits(w[in + d] * factor);
                MEMORY.set(HALF, row + 2L * d, (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16));
            }
            in += apart;
            row += stride;
        }
    }

    /// Reads one float.
    static float read(long address) {
        return MEMORY.get(FLOAT, address);
    }

    /// Writes one float.
    static void write(long address, float value) {
        MEMORY.set(FLOAT, address, value);
    }

    /// Writes one byte.
    static void writeByte(long address, byte value) {
        MEMORY.set(BYTE, address, value);
    }
}
