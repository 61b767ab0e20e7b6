package org.zebralm.kernel;

/// The products of a tile of 64 keys with a block of 64 queries, over the squares that are visible.
///
/// Scores and probabilities are kept transposed, `[key][query]`: lanes are queries, so that the softmax needs
/// no sum across lanes, keys and values are only ever broadcast (no transposed copy of them), and a tile feeds
/// the next product as it is.
final class TileProducts {
    private static final int GROUP = Lanes.GROUP;
    private static final int L = Lanes.COUNT;

    private TileProducts() {}

    /// `to[key][query] = rows[key] . lanes[..][query]`: rows of `width` against `[width][64]`.
    static void byKey(float[] w, int rows, int width, int lanes, Visibility visible, int to) {
        for (int g = 0; g < 4; g++) {
            int from = visible.fromVector[g];
            int vectors = visible.toVector[g] - from;
            for (int key = g * GROUP; vectors > 0 && key < g * GROUP + GROUP; key += 4) {
                int column = from * L;
                RegisterTile.multiply(
                        w, rows + key * width, width, 1, lanes + column, width, to + key * 64 + column, vectors, false);
            }
        }
    }

    /// `to[d][query] += sum over keys of rows[key][d] * tile[key][query]`, for each of the rows' `width`
    /// elements.
    static void addByLane(float[] w, int rows, int width, int tile, Visibility visible, int to) {
        int end;
        for (int g = 0; g < 4; g = end) {
            int from = visible.fromVector[g];
            int vectors = visible.toVector[g] - from;
            end = g + 1;
            while (end < 4 && visible.fromVector[end] == from && visible.toVector[end] - from == vectors) {
                end++;
            }
            int keys = (end - g) * GROUP;
            int column = from * L;
            for (int d = 0; vectors > 0 && d < width; d += 4) {
                RegisterTile.multiply(
                        w,
                        rows + g * GROUP * width + d,
                        1,
                        width,
                        tile + g * GROUP * 64 + column,
                        keys,
                        to + d * 64 + column,
                        vectors,
                        true);
            }
        }
    }

    /// `to[key][d] += sum over queries of tile[key][query] * panels[query][d]`, in panels of 64 columns:
    /// `panels` has `[width / 64][64][64]`, `to` the same with panels `toPanel` apart.
    static void addByKey(float[] w, int tile, int panels, int width, Visibility visible, int to, int toPanel) {
        for (int d = 0; d < width; d += 64) {
            int panel = panels + d * 64;
            int out = to + d / 64 * toPanel;
            int columns = Math.min(64, width - d) / L;
            for (int g = 0; g < 4; g++) {
                int query = visible.fromVector[g] * L;
                int queries = visible.toVector[g] * L - query;
                for (int key = g * GROUP; queries > 0 && key < g * GROUP + GROUP; key += 4) {
                    RegisterTile.multiply(
                            w,
                            tile + key * 64 + query,
                            64,
                            1,
                            panel + query * 64,
                            queries,
                            out + key * 64,
                            columns,
                            true);
                }
            }
        }
    }

    /// Rows of `width` to panels `[width / 64][64][64]`.
    static void toPanels(float[] w, int rows, int width, int panels) {
        for (int d = 0; d < width; d += 64) {
            int columns = Math.min(64, width - d);
            for (int row = 0; row < Lanes.BLOCK; row++) {
                System.arraycopy(w, rows + row * width + d, w, panels + (d + row) * 64, columns);
            }
        }
    }
}
