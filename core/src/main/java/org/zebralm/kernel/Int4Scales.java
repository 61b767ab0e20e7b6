package org.zebralm.kernel;

import java.util.Arrays;

/// The scales of four rows of [Int4Layout], spread over the lanes that they are for: `[block][row][lane]`.
final class Int4Scales {
    private static final int ROWS = Int4Layout.ROWS;
    private static final int LANES = Int4Layout.LANES;

    private Int4Scales() {}

    /// Returns the room that [#read] takes.
    static int floats(Int4Layout layout) {
        return layout.blocks() * ROWS * LANES + Lanes.padded(layout.groups()) + LANES;
    }

    /// Reads the scales of rows `first` to `first + count` to `to` and what follows; those of missing rows are 0.
    static void read(Int4Layout layout, RowView scales, int first, int count, float[] w, int to) {
        int oneRow = to + layout.blocks() * ROWS * LANES;
        int padded = Lanes.padded(layout.groups());
        int lanesEach = layout.group() / layout.laneInputs();
        for (int row = 0; row < ROWS; row++) {
            if (row < count) {
                Rows.read(scales.at(first + row, 0), 0, 1, layout.groups(), scales.storage(), w, oneRow, padded);
            } else {
                Arrays.fill(w, oneRow, oneRow + padded, 0);
            }
            for (int block = 0; block < layout.blocks(); block++) {
                int from = oneRow + layout.groupOf(block, 0);
                Spread.lanes(w, from, lanesEach, to + (block * ROWS + row) * LANES);
            }
        }
    }

    /// Reads the scales of four rows in one block to `[row][lane]`, straight from their memory: up to 16 of each row
    /// from `address` on, whether they are this block's or not.
    static void readBlock(long address, long rowBytes, int lanesEach, float[] w, int to) {
        for (int row = 0; row < ROWS; row++) {
            Spread.halves(address + row * rowBytes, lanesEach, w, to + row * LANES);
        }
    }
}
