package org.zebralm.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Rounds matrices to fewer bits, row by row.
///
/// A row of int8 has the least scale that is a bfloat16 number and leaves none beyond 127. A group of 4 bits has the
/// scale, of a few around the one
/// that makes its extreme -8, whose squared error is the least. The same weights give the same numbers on every
/// machine.
public final class Quantizer {
    /// The largest number of int8: symmetric, so -128 is left out.
    private static final float LARGEST = 127;

    /// Rows of a task, whole panels.
    private static final int ROWS = 64;
    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Quantizer() {}

    /// Rounds a floating-point matrix `[out, in]` to int8.
    ///
    /// @throws IllegalArgumentException if a number is not finite
    public static Int8Weight int8(Tensor weight_OI) {
        requireMatrix(weight_OI);
        Tensor numbers = Tensors.empty(DType.INT8, weight_OI.shape());
        Tensor scales = Tensors.empty(DType.FLOAT32, weight_OI.size(0));
        MemorySegment to = numbers.memory();
        MemorySegment factors = scales.memory();
        eachRow(weight_OI, (first, rows) -> {
            for (int i = 0; i < rows.length; i++) {
                float[] row = rows[i];
                float largest = 0;
                for (float value : row) {
                    largest = Math.max(largest, Math.abs(finite(value)));
                }
                float scale = up(Math.max(largest / LARGEST, Float.MIN_NORMAL));
                factors.setAtIndex(FLOAT, first + i, scale);
                long at = (long) (first + i) * row.length;
                for (int column = 0; column < row.length; column++) {
                    to.set(BYTE, at + column, (byte) Math.rint(row[column] / scale));
                }
            }
        });
        return new Int8Weight(numbers, scales);
    }

    /// Returns the least bfloat16 number that is not below a positive one.
    private static float up(float value) {
        return Float.intBitsToFloat((Float.floatToRawIntBits(value) + 0xffff) & 0xffff0000);
    }

    /// Rounds a floating-point matrix `[out, in]` to 4 bits.
    ///
    /// @param group columns that share a scale: 32, 64 or 128
    /// @throws IllegalArgumentException if a number is not finite
    public static Int4Weight int4(Tensor weight_OI, int group) {
        requireMatrix(weight_OI);
        var layout = new Int4Layout((int) weight_OI.size(0), (int) weight_OI.size(1), group);
        Tensor words = Tensors.empty(DType.INT32, layout.wordsShape());
        Tensor scales = Tensors.empty(DType.BFLOAT16, layout.scalesShape());
        MemorySegment to = words.memory();
        MemorySegment factors = scales.memory();
        eachRow(weight_OI, (first, rows) -> {
            int padded = (rows.length + Int4Layout.LANES - 1) / Int4Layout.LANES * Int4Layout.LANES;
            int[] numbers = new int[layout.paddedInputs()];
            for (int i = 0; i < padded; i++) {
                Arrays.fill(numbers, Int4Layout.ZERO);
                for (int g = 0; g < layout.groups(); g++) {
                    float scale = i < rows.length ? Int4Group.round(rows[i], g * group, group, numbers) : 0;
                    short half = (short) (Float.floatToRawIntBits(scale) >>> 16);
                    factors.setAtIndex(HALF, layout.scale(first + i, g), half);
                }
                pack(numbers, first + i, layout, to);
            }
        });
        return new Int4Weight(words, scales, layout.outputs(), layout.inputs(), group);
    }

    private static void pack(int[] numbers, int row, Int4Layout layout, MemorySegment to) {
        for (int column = 0; column < numbers.length; column += Int4Layout.COLUMNS) {
            int word = 0;
            for (int j = 0; j < Int4Layout.COLUMNS; j++) {
                word |= numbers[column + j] << (4 * j);
            }
            to.setAtIndex(WORD, layout.word(row, column), word);
        }
    }

    static float finite(float value) {
        if (!Float.isFinite(value)) {
            throw new IllegalArgumentException("weights to quantize must be finite numbers: got " + value);
        }
        return value;
    }

    private static void requireMatrix(Tensor weight) {
        if (weight.rank() != 2 || !weight.dtype().isFloating() || weight.numElements() == 0) {
            throw new IllegalArgumentException("only a matrix of floating-point numbers is quantized: got " + weight);
        }
    }

    /// Hands rows over as float32, some at a time, to all threads.
    private static void eachRow(Tensor weight_OI, Work work) {
        int outputs = (int) weight_OI.size(0);
        int width = (int) weight_OI.size(1);
        Tensor source = weight_OI.contiguous();
        boolean half = source.dtype() == DType.BFLOAT16;
        Tensor wide = half ? source : source.to(DType.FLOAT32);
        MemorySegment memory = wide.memory();
        List<CpuPool.Task> tasks = new ArrayList<>();
        for (int first = 0; first < outputs; first += ROWS) {
            int from = first;
            int count = Math.min(ROWS, outputs - first);
            tasks.add(_ -> {
                float[][] rows = new float[count][width];
                for (int i = 0; i < count; i++) {
                    long at = (long) (from + i) * width;
                    for (int column = 0; column < width; column++) {
                        rows[i][column] = half
                                ? Float.intBitsToFloat(memory.getAtIndex(HALF, at + column) << 16)
                                : memory.getAtIndex(FLOAT, at + column);
                    }
                }
                work.run(from, rows);
            });
        }
        CpuPool.shared().run(tasks, 0);
    }

    private interface Work {
        void run(int first, float[][] rows);
    }
}
