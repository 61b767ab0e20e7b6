package org.zebralm.kernel;

import java.util.Arrays;

/// A share of a product with weights of 4 bits, in the order of [Int4Layout].
///
/// As [RowProducts]: one row of inputs is multiplied from the weights' memory; for more of them, a block of eight rows
/// is
/// decoded to the first-level cache. A block's sums begin with what makes up for the numbers' offset, are multiplied
/// by their groups' scales, and added to those of the blocks before.
///
/// @param words the address of the first word
/// @param scales `[out, 1, groups]`
/// @param from and `to` eights of outputs
record Int4RowProducts(
        ProductInputs inputs, Int4Layout layout, long words, RowView scales, ProductOutputs outputs, int from, int to)
        implements CpuPool.Task {
    private static final int EIGHT = ProductOutputs.TOGETHER;
    private static final int ROWS = Int4Layout.ROWS;
    private static final int LANES = Int4Layout.LANES;
    private static final int L = Lanes.COUNT;

    static int floats(int rows, Int4Layout layout) {
        int sums = rows * (EIGHT + ROWS) * LANES;
        return sums + Int4Scales.floats(layout) + ROWS * layout.laneInputs() * L + ProductOutputs.floats(rows);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int numSums = inputs.rows() * EIGHT * LANES;
        int scratch =
                numSums + inputs.rows() * ROWS * LANES + Int4Scales.floats(layout) + ROWS * layout.laneInputs() * L;
        for (int eight = from; eight < to; eight++) {
            int first = eight * EIGHT;
            int count = Math.min(EIGHT, layout.outputs() - first);
            Arrays.fill(w, 0, numSums, 0);
            for (int four = 0; four < count; four += ROWS) {
                addFour(w, first + four, Math.min(ROWS, count - four), four * LANES);
            }
            outputs.write(w, 0, first, count, scratch);
        }
    }

    /// Adds the products of four rows from `first` on, of which `count` are there.
    private void addFour(float[] w, int first, int count, int sums) {
        int blockSums = inputs.rows() * EIGHT * LANES;
        int factors = blockSums + inputs.rows() * ROWS * LANES;
        int decoded = factors + Int4Scales.floats(layout);
        boolean isLast = first + ROWS >= layout.outputs();
        if (isLast) {
            Int4Scales.read(layout, scales, first, count, w, factors);
        }
        long address = words + 4 * layout.word(first, 0, 0, 0);
        for (int block = 0; block < layout.blocks(); block++) {
            if (!isLast) { // of the last rows more would be read than there is
                Int4Scales.readBlock(
                        scales.at(first, ROWS + 1, 0) + 2L * layout.groupOf(block, 0),
                        scales.tokenBytes(),
                        layout.group() / layout.laneInputs(),
                        w,
                        factors + block * ROWS * LANES);
            }
            for (int lane = 0; lane < LANES; lane += L) {
                long at = address + 4L * (block * layout.blockWords() + lane);
                int x = block * layout.blockInputs() + lane * layout.laneInputs();
                int lanes = block * LANES + lane;
                int scale = factors + block * ROWS * LANES + lane;
                if (inputs.rows() == 1) {
                    Int4Products.add(
                            at, layout.vectors(), inputs.floats(), x, inputs.begin(), lanes, w, scale, sums + lane);
                } else {
                    decode(at, w, decoded);
                    multiply(w, decoded, x, lanes, blockSums + lane);
                    for (int row = 0; row < inputs.rows(); row++) {
                        Spread.addTimes(
                                w, blockSums + row * ROWS * LANES + lane, scale, sums + row * EIGHT * LANES + lane);
                    }
                }
            }
        }
    }

    private void decode(long address, float[] w, int to) {
        for (int v = 0; v < layout.vectors(); v++) {
            Int4Products.decode(address + 4L * ROWS * LANES * v, w, to + 8 * L * v, layout.laneInputs() * L);
        }
    }

    private void multiply(float[] w, int decoded, int x, int lanes, int sums) {
        int rows = inputs.rows();
        for (int row = 0; row < rows; row++) {
            Spread.repeat(inputs.begin(), row * inputs.lanesApart() + lanes, w, sums + row * ROWS * LANES);
        }
        int together;
        for (int row = 0; row < rows; row += together) {
            together = rows - row >= 4 ? 4 : rows - row >= 2 ? 2 : 1;
            RowTile.add(
                    together,
                    w,
                    decoded,
                    layout.laneInputs() * L,
                    inputs.floats(),
                    row * inputs.apart() + x,
                    inputs.apart(),
                    layout.laneInputs(),
                    sums + row * ROWS * LANES,
                    ROWS * LANES);
        }
    }
}
