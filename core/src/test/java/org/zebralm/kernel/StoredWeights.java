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
            case Int4Weight(Tensor words, Tensor scales, int columns, int group) ->
                readInt4(words.toLongs(), scales, columns, group);
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

    private static double[] readInt4(long[] words, Tensor scales, int columns, int group) {
        int rows = (int) scales.size(0);
        double[] factors = scales.toDoubles();
        int groups = factors.length / rows;
        int padded = Math.ceilDiv(columns, 128) * 128;
        int vectors = padded % 512 == 0 ? 4 : padded % 256 == 0 ? 2 : 1;
        double[] values = new double[rows * columns];
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int block = column / (128 * vectors);
                int within = column % (128 * vectors);
                int lane = within / (8 * vectors);
                int number = within % (8 * vectors);
                int word = (((row / 4 * (padded / 128 / vectors) + block) * vectors + number / 8) * 4 + row % 4) * 16
                        + lane;
                long bits = (words[word] >> (4 * (number % 8))) & 15;
                values[row * columns + column] = (bits - 8) * factors[row * groups + column / group];
            }
        }
        return values;
    }
}
