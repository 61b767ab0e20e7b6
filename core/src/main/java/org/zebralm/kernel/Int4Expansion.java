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
    static final int OUTPUTS = 2 * Int4Layout.LANES;

    static int floats(Int4Layout layout) {
        return OUTPUTS * (layout.groups() + layout.group());
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int group = layout.group();
        int count = Math.min(OUTPUTS, to.width() - at);
        int decoded = OUTPUTS * layout.groups();
        for (int i = 0; i < count; i += Int4Layout.LANES) {
            int scale = i * layout.groups();
            Int4Products.widen(scales + 2 * layout.scale(from + at + i, 0), layout.groups(), w, scale);
        }
        for (int g = 0; g < layout.groups(); g++) {
            for (int i = 0; i < count; i += Int4Layout.LANES) {
                int scale = i * layout.groups() + g * Int4Layout.LANES;
                long address = words + 4 * layout.word(from + at + i, g * group);
                for (int lane = 0; lane < Int4Layout.LANES; lane += Lanes.COUNT) {
                    Int4Products.decode(
                            address + 4L * lane,
                            group / Int4Layout.COLUMNS,
                            w,
                            scale + lane,
                            decoded + i + lane,
                            OUTPUTS);
                }
            }
            int columns = Math.min(group, layout.inputs() - g * group);
            to.writeColumns(w, decoded, OUTPUTS, 1, g * group, columns, 0, at, count);
        }
    }
}
