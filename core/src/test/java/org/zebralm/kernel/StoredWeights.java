package org.zebralm.kernel;

import java.util.Random;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Weights of every kind, and what they stand for, read from their tensors as `docs/quantization.md` says.
enum StoredWeights {
    FLOAT32,
    BFLOAT16,
    INT8,
    INT4_32,
    INT4_64,
    INT4_128;

    Weight random(int outputs, int inputs, long seed) {
        Tensor dense = Tensors.of(values(outputs * inputs, seed), outputs, inputs);
        return switch (this) {
            case FLOAT32 -> new DenseWeight(dense);
            case BFLOAT16 -> new DenseWeight(dense.to(DType.BFLOAT16));
            case INT8 -> Quantizer.int8(dense);
            case INT4_32 -> Quantizer.int4(dense, 32);
            case INT4_64 -> Quantizer.int4(dense, 64);
            case INT4_128 -> Quantizer.int4(dense, 128);
        };
    }

    static float[] values(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /// Returns a weight's numbers, row by row.
    static double[] read(Weight weight) {
        return switch (weight) {
            case DenseWeight(Tensor tensor) -> tensor.toDoubles();
            case Int8Weight(Tensor numbers, Tensor scales) -> readInt8(numbers, scales);
            case PackedWeight _ -> throw new IllegalArgumentException("packed weights are not stored");
            case Int4Weight(Tensor words, Tensor scales, int rows, int columns, int group) ->
                readInt4(words.toLongs(), scales.toDoubles(), rows, columns, group);
        };
    }

    private static double[] readInt8(Tensor numbers, Tensor scales) {
        double[] values = numbers.toDoubles();
        double[] factors = scales.toDoubles();
        int columns = values.length / factors.length;
        for (int i = 0; i < values.length; i++) {
            values[i] *= factors[i / columns];
        }
        return values;
    }

    private static double[] readInt4(long[] words, double[] scales, int rows, int columns, int group) {
        int groups = Math.ceilDiv(columns, group);
        double[] values = new double[rows * columns];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                long word = words[(row / 32 * (groups * group / 8) + column / 8) * 32 + row % 32];
                long number = (word >> (4 * (column % 8))) & 15;
                double scale = scales[(row / 32 * groups + column / group) * 32 + row % 32];
                values[row * columns + column] = (number - 8) * scale;
            }
        }
        return values;
    }
}
