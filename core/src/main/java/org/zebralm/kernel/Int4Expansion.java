package org.zebralm.kernel;

/// Makes weights of 4 bits dense and transposed, a share of them: as [Int4Rows], with vectors.
///
/// Outputs lie in lanes here and there, so nothing is moved across lanes.
///
/// @param words the address of the first word
/// @param scales the address of the first scale
/// @param to where they go, `[in, 1, count]`, the first output being `from`, which begins a panel
/// @param at the first output of this share in `to`
record Int4Expansion(Int4Layout layout, long words, long scales, RowView to, int from, int at) implements CpuPool.Task {
    /// Outputs of a share: so many bfloat16 numbers fill a line of the cache.
    static final int OUTPUTS = Int4Layout.LANES;

    /// Columns made at once, a part of every group: few enough that their lines are still there for the second panel
    /// where rows lie a power of two apart.
    private static final int COLUMNS = 32;

    private static final int VECTORS = COLUMNS / Int4Layout.COLUMNS;

    static int floats(Int4Layout layout) {
        return OUTPUTS * (layout.groups() + COLUMNS);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int count = Math.min(OUTPUTS, to.width() - at);
        int decoded = OUTPUTS * layout.groups();
        for (int i = 0; i < count; i += Int4Layout.LANES) {
            int scale = i * layout.groups();
            Int4Products.widen(scales + 2 * layout.scale(from + at + i, 0), layout.groups(), w, scale);
        }
        boolean isWhole = to.storage() == Storage.BFLOAT16 && count % Int4Layout.LANES == 0;
        for (int column = 0; column < layout.inputs(); column += COLUMNS) {
            int columns = Math.min(COLUMNS, layout.inputs() - column);
            boolean isRounded = isWhole && columns == COLUMNS;
            for (int i = 0; i < count; i += Int4Layout.LANES) {
                int scale = i * layout.groups() + column / layout.group() * Int4Layout.LANES;
                long address = words + 4 * layout.word(from + at + i, column);
                if (isRounded) {
                    round(w, scale, address, to.at(column, columns, 0) + 2L * (at + i));
                } else {
                    decode(w, scale, address, decoded + i);
                }
            }
            if (!isRounded) {
                to.writeColumns(w, decoded, OUTPUTS, 1, column, columns, 0, at, count);
            }
        }
    }

    private void round(float[] w, int scale, long address, long y) {
        for (int lane = 0; lane < Int4Layout.LANES; lane += Lanes.COUNT) {
            Int4Products.round(address + 4L * lane, VECTORS, w, scale + lane, y + 2L * lane, to.tokenBytes());
        }
    }

    private void decode(float[] w, int scale, long address, int y) {
        for (int lane = 0; lane < Int4Layout.LANES; lane += Lanes.COUNT) {
            Int4Products.decode(address + 4L * lane, VECTORS, w, scale + lane, y + lane, OUTPUTS);
        }
    }
}
