package org.zebralm.kernel;

import java.util.Arrays;

/// A share of a product with weights whose rows lie in order: float32, bfloat16 or int8.
///
/// Rows of weights are multiplied straight from their memory, which is read once. One row of inputs takes a row of
/// either
/// half of the share at a time, from end to end, as a processor reads ahead of two streams best; several rows take
/// eights
/// of rows together, up to four rows of inputs at a time, and again from the cache for more. What no full vector holds,
/// and the last rows, are copied to scratch
/// memory first. The order of the sums is one, whichever way: lane by lane in the order of the columns.
///
/// @param from and `to` eights of outputs
record RowProducts(ProductInputs inputs, RowView weights, ProductOutputs outputs, int from, int to)
        implements CpuPool.Task {
    /// Columns widened at once: eight rows of them take 16 KiB.
    private static final int PIECE = Math.min(512, Lanes.BLOCK * Lanes.COUNT);

    /// Floats from one row's sums to the next.
    private static final int ROW_SUMS = ProductOutputs.TOGETHER * 16;

    static int floats(int rows) {
        return 2 * rows * ProductOutputs.TOGETHER * 16 + ProductOutputs.TOGETHER * PIECE + ProductOutputs.floats(rows);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int sums = 0;
        int numSums = inputs.rows() * ProductOutputs.TOGETHER * 16;
        int piece = sums + 2 * numSums;
        int scratch = piece + ProductOutputs.TOGETHER * PIECE;
        int block = from;
        if (inputs.rows() == 1) {
            // The last eight may not be whole.
            int half = (to - from - 1) / 2;
            for (; block < from + half; block++) {
                Arrays.fill(w, sums, sums + 2 * numSums, 0);
                int first = block * ProductOutputs.TOGETHER;
                int other = (block + half) * ProductOutputs.TOGETHER;
                int streamed = streamTwo(w, first, other, sums, sums + numSums);
                finish(w, first, ProductOutputs.TOGETHER, streamed, piece, sums, scratch);
                finish(w, other, ProductOutputs.TOGETHER, streamed, piece, sums + numSums, scratch);
            }
            block += half;
        }
        for (; block < to; block++) {
            int first = block * ProductOutputs.TOGETHER;
            int count = Math.min(ProductOutputs.TOGETHER, weights.tokens() - first);
            Arrays.fill(w, sums, sums + numSums, 0);
            int streamed = count == ProductOutputs.TOGETHER ? stream(w, first, sums) : 0;
            finish(w, first, count, streamed, piece, sums, scratch);
        }
    }

    private void finish(float[] w, int first, int count, int streamed, int piece, int sums, int scratch) {
        widen(w, first, count, streamed, piece, sums);
        outputs.write(w, sums, first, count, scratch);
    }

    /// Multiplies whole vectors of eight rows and of eight others with one row of inputs, one row of either at a time:
    /// a processor reads ahead of two streams, not of eight. Returns the columns that are done.
    private int streamTwo(float[] w, int first, int other, int sums, int otherSums) {
        Storage storage = weights.storage();
        int whole = StreamProducts.whole(storage, weights.width());
        int most = Lanes.BLOCK * Lanes.COUNT;
        long address = weights.at(first, ProductOutputs.TOGETHER, 0);
        long otherAddress = weights.at(other, ProductOutputs.TOGETHER, 0);
        for (int i = 0; i < ProductOutputs.TOGETHER; i++) {
            for (int column = 0; column < whole; column += most) {
                int steps = Math.min(most, whole - column) / Lanes.COUNT;
                long at = i * weights.tokenBytes() + (long) column * storage.bytes();
                StreamProducts.addTwo(
                        storage,
                        address + at,
                        otherAddress + at,
                        inputs.floats(),
                        column,
                        steps,
                        w,
                        sums + 16 * i,
                        otherSums + 16 * i);
            }
        }
        return whole;
    }

    /// Multiplies whole vectors of eight rows with all rows of inputs; returns the columns that are done.
    private int stream(float[] w, int first, int sums) {
        int whole = StreamProducts.whole(weights.storage(), weights.width());
        int most = Lanes.BLOCK * Lanes.COUNT;
        long address = weights.at(first, ProductOutputs.TOGETHER, 0);
        for (int column = 0; column < whole; column += most) {
            int steps = Math.min(most, whole - column) / Lanes.COUNT;
            int together;
            for (int row = 0; row < inputs.rows(); row += together) {
                together = together(inputs.rows() - row);
                stream(together, address, row, column, steps, w, sums + row * ROW_SUMS);
            }
        }
        return whole;
    }

    /// How many rows are multiplied at once, of those that are left.
    private static int together(int left) {
        return left >= 4 ? 4 : left >= 2 ? 2 : 1;
    }

    private void stream(int together, long address, int row, int column, int steps, float[] w, int sums) {
        Storage storage = weights.storage();
        long at = address + (long) column * storage.bytes();
        long stride = weights.tokenBytes();
        int x = row * inputs.apart() + column;
        if (together == 1) {
            StreamProducts.add(storage, at, stride, inputs.floats(), x, steps, w, sums);
            return;
        }
        for (int output = 0; output < ProductOutputs.TOGETHER; output += 4) {
            long from = at + output * stride;
            int to = sums + output * 16;
            if (together == 2) {
                StreamPairs.add(storage, from, stride, inputs.floats(), x, inputs.apart(), steps, w, to, ROW_SUMS);
            } else {
                StreamFours.add(storage, from, stride, inputs.floats(), x, inputs.apart(), steps, w, to, ROW_SUMS);
            }
        }
    }

    /// Multiplies the columns from `column` on with all rows of inputs.
    private void widen(float[] w, int first, int count, int column, int piece, int sums) {
        long address = weights.at(first, count, 0);
        for (int at = column; at < weights.width(); at += PIECE) {
            int columns = Math.min(PIECE, weights.width() - at);
            int padded = Lanes.padded(columns);
            long from = address + (long) at * weights.storage().bytes();
            Rows.read(from, weights.tokenBytes(), count, columns, weights.storage(), w, piece, padded);
            multiply(w, piece, padded, at, sums);
        }
    }

    private void multiply(float[] w, int piece, int padded, int column, int sums) {
        int rows = inputs.rows();
        int together;
        for (int row = 0; row < rows; row += together) {
            together = together(rows - row);
            for (int output = 0; output < ProductOutputs.TOGETHER; output += 4) {
                RowTile.add(
                        together,
                        w,
                        piece + output * padded,
                        padded,
                        inputs.floats(),
                        row * inputs.apart() + column,
                        inputs.apart(),
                        padded / Lanes.COUNT,
                        sums + row * ROW_SUMS + output * 16,
                        ROW_SUMS);
            }
        }
    }
}
