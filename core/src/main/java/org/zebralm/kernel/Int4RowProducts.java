package org.zebralm.kernel;

import java.util.Arrays;

/// A share of a product with weights of 4 bits, in the order of [Int4Layout].
///
/// A pair of panels is one of the first half of all and its partner, as far into the second half. A thread reads
/// fastest
/// from two far streams in turn, so much from one, so much from the other. The rows meet what was read before the next
/// is, a few at a time.
///
/// @param words the address of the first word
/// @param scales the address of the first scale
/// @param from and `to` pairs of panels
record Int4RowProducts(
        ProductInputs inputs, Int4Layout layout, long words, long scales, ProductOutputs outputs, int from, int to)
        implements CpuPool.Task {
    private static final int LANES = Int4Layout.LANES;
    private static final int L = Lanes.COUNT;

    /// Columns that are read of one panel before as many of the other: 2 KiB.
    private static final int PIECE = 128;

    static int pairs(Int4Layout layout) {
        return (layout.panels() + 1) / 2;
    }

    static int floats(int rows, Int4Layout layout) {
        return (ProductInputs.padded(rows) + layout.groups()) * Int4Tiles.APART + ProductOutputs.TERMS;
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int numTotals = ProductInputs.padded(inputs.rows()) * Int4Tiles.APART;
        int scale = numTotals;
        int otherScale = scale + layout.groups() * LANES;
        int terms = otherScale + layout.groups() * LANES;
        for (int pair = from; pair < to; pair++) {
            int first = pair * LANES;
            int partner = (pair + pairs(layout)) * LANES;
            boolean isPaired = partner < layout.outputs();
            int second = isPaired ? partner : first; // multiplied twice, written once
            Int4Products.widen(scales + 2 * layout.scale(first, 0), layout.groups(), w, scale);
            Int4Products.widen(scales + 2 * layout.scale(second, 0), layout.groups(), w, otherScale);
            Arrays.fill(w, 0, numTotals, 0);
            for (int column = 0; column < layout.paddedInputs(); column += PIECE) {
                int groups = Math.min(PIECE, layout.paddedInputs() - column) / layout.group();
                long one = words + 4 * layout.word(first, column);
                long other = words + 4 * layout.word(second, column);
                int ofGroup = column / layout.group();
                if (inputs.isAlone()) {
                    addRow(one, groups, ofGroup, w, scale, 0);
                    addRow(other, groups, ofGroup, w, otherScale, LANES);
                } else {
                    addRows(one, other - one, groups, ofGroup, w, scale, otherScale);
                }
            }
            write(w, 0, first, terms);
            if (isPaired) {
                write(w, LANES, second, terms);
            }
        }
    }

    private void write(float[] w, int totals, int first, int terms) {
        outputs.finish(w, totals, Int4Tiles.APART, first, Math.min(LANES, layout.outputs() - first), terms);
    }

    /// Adds the products of some groups of a panel with the one row.
    private void addRow(long address, int groups, int first, float[] w, int scales, int totals) {
        for (int lane = 0; lane < LANES; lane += 2 * L) {
            Int4Products.add(
                    address + 4L * lane,
                    groups,
                    layout.group() / Int4Layout.COLUMNS,
                    inputs.floats(),
                    first * layout.group(),
                    inputs.begin(),
                    first,
                    w,
                    scales + first * LANES + lane,
                    totals + lane);
        }
    }

    /// Adds the products of some groups of two panels, `apart` bytes apart, with all rows: both in turn, so that the
    /// processor has twice the time to read ahead of each.
    private void addRows(long address, long apart, int groups, int first, float[] w, int scale, int otherScale) {
        int vectors = layout.group() / Int4Layout.COLUMNS;
        int together;
        for (int row = 0; row < inputs.rows(); row += together) {
            together = ProductInputs.together(inputs.rows() - row);
            int x = row * layout.paddedInputs();
            int begin = row * layout.groups();
            for (int g = 0; g < groups; g++) {
                long at = address + (long) g * vectors * Int4Layout.VECTOR_BYTES;
                int ofGroup = first + g;
                for (int lane = 0; lane < LANES; lane += L) {
                    Int4Tiles.add(
                            together,
                            at + 4L * lane,
                            apart,
                            vectors,
                            inputs.floats(),
                            x + ofGroup * layout.group() * together,
                            inputs.begin(),
                            begin + ofGroup * together,
                            w,
                            scale + ofGroup * LANES + lane,
                            otherScale + ofGroup * LANES + lane,
                            row * Int4Tiles.APART + lane);
                }
            }
        }
    }
}
