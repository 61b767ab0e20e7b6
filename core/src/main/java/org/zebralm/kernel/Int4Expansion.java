package org.zebralm.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Turns weights of 4 bits back into rows of floating-point numbers, a share of them: as [Int4Rows], with vectors.
///
/// @param words the address of the first word
/// @param scales `[out, 1, groups]`
/// @param to where the rows go, `[rows, 1, in]`, of which the first is row `first` of the matrix
/// @param four which four rows of the matrix
record Int4Expansion(Int4Layout layout, long words, RowView scales, RowView to, int first, int four)
        implements CpuPool.Task {
    private static final VectorSpecies<Float> S = Lanes.FLOATS;
    private static final int L = Lanes.COUNT;

    /// The side of what is transposed at once.
    private static final int SQUARE = 16;

    static int floats(Int4Layout layout) {
        return Int4Layout.ROWS * (layout.laneInputs() * L + layout.paddedInputs())
                + Lanes.padded(layout.groups())
                + 2 * Int4Layout.LANES;
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int rows = layout.laneInputs() * L * Int4Layout.ROWS;
        int lanes = rows + Int4Layout.ROWS * layout.paddedInputs();
        int row = four * Int4Layout.ROWS;
        long address = words + 4 * layout.word(row, 0, 0, 0);
        int from = Math.max(row, first);
        int end = Math.min(Math.min(row + Int4Layout.ROWS, layout.outputs()), first + to.tokens());
        for (int block = 0; block < layout.blocks(); block++) {
            for (int lane = 0; lane < Int4Layout.LANES; lane += L) {
                long at = address + 4L * (block * layout.blockWords() + lane);
                for (int v = 0; v < layout.vectors(); v++) {
                    Int4Products.decode(
                            at + 4L * Int4Layout.ROWS * Int4Layout.LANES * v, w, 8 * L * v, layout.laneInputs() * L);
                }
                for (int r = from; r < end; r++) {
                    spread(w, r, block, lanes);
                    int target = rows + (r - row) * layout.paddedInputs() + block * layout.blockInputs();
                    arrange(w, (r - row) * layout.laneInputs() * L, target + lane * layout.laneInputs(), lanes + lane);
                }
            }
        }
        int count = end - from;
        to.write(w, rows + (from - row) * layout.paddedInputs(), layout.paddedInputs(), 1, from - first, count, 0);
    }

    /// Puts the scales of a block's lanes into 16 floats.
    private void spread(float[] w, int row, int block, int to) {
        int firstGroup = layout.groupOf(block, 0);
        int each = layout.group() / layout.laneInputs();
        int count = Math.min(Int4Layout.LANES / each, layout.groups() - firstGroup);
        int read = to + Int4Layout.LANES;
        Rows.read(
                scales.at(row, 0) + 2L * firstGroup,
                0,
                1,
                Math.max(0, count),
                scales.storage(),
                w,
                read,
                Int4Layout.LANES);
        Spread.lanes(w, read, each, to);
    }

    /// Writes a row's numbers, vector after vector, to where each lane's lie together.
    ///
    /// By way of registers: a scatter takes as long as the product that follows, where it is not compiled to worse.
    private void arrange(float[] w, int from, int to, int scale) {
        int each = layout.laneInputs();
        for (int t = 0; t < each; t++) {
            int at = from + t * L;
            FloatVector.fromArray(S, w, at)
                    .mul(ProductInputs.unit(t))
                    .sub(Int4Layout.ZERO)
                    .intoArray(w, at);
        }
        if (L == SQUARE && each % SQUARE == 0) {
            for (int t = 0; t < each; t += SQUARE) {
                Transpose.square(w, from + t * L, L, to + t, each, scale);
            }
            return;
        }
        for (int lane = 0; lane < L; lane++) {
            for (int t = 0; t < each; t++) {
                w[to + lane * each + t] = w[from + t * L + lane] * w[scale + lane];
            }
        }
    }
}
