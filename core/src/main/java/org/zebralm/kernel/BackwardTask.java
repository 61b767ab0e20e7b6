package org.zebralm.kernel;

import java.util.Arrays;

/// Backward attention of a part's rows for one key-value head and the query heads that share it.
///
/// Chunks of query blocks ascend. The gradients of the keys they can see are summed in a ring of tiles, 64 keys
/// each, in panels of 64 columns; a tile leaves the ring when no later row of the part sees it, so a local
/// layer needs memory for its window, not for its length.
record BackwardTask(BackwardCall call, BackwardPart part, int partIndex, int kvHead) implements CpuPool.Task {
    private static final int BLOCK = Lanes.BLOCK;
    private static final int TILE = BLOCK * BLOCK;

    /// Returns how many blocks of queries are worked on together: as many as fit a core's own cache.
    private static int chunkBlocks(int padded) {
        return Math.clamp(256 / padded, 1, 4);
    }

    /// Returns the scratch floats this task needs.
    int floats() {
        return new Layout(call, ring()).end;
    }

    private int chunkRows() {
        return chunkBlocks(call.padded()) * BLOCK;
    }

    /// Tiles are counted from here: the first own row stands at a tile's beginning.
    private int origin() {
        return part.row() + Math.floorDiv(part.firstKey() - part.row(), BLOCK) * BLOCK;
    }

    private int firstTile(int row) {
        return (call.run().firstVisible(row, call.window()) - origin()) / BLOCK;
    }

    private int endTile(int endRow) {
        return (endRow - origin() + BLOCK - 1) / BLOCK;
    }

    /// Returns how many tiles are summed at once at most.
    private int ring() {
        int most = 0;
        for (int row = part.row(); row < part.endRow(); row += chunkRows()) {
            int end = Math.min(row + chunkRows(), part.endRow());
            most = Math.max(most, endTile(end) - firstTile(row));
        }
        return most;
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        var at = new Layout(call, ring());
        int done = 0;
        int begun = 0;
        for (int row = part.row(); row < part.endRow(); row += chunkRows()) {
            int end = Math.min(row + chunkRows(), part.endRow());
            int first = firstTile(row);
            for (; done < first; done++) {
                flush(w, at, done);
            }
            for (; begun < endTile(end); begun++) {
                for (int panel = 0; panel < call.panels(); panel++) {
                    Arrays.fill(w, at.dKeys(begun, panel), at.dKeys(begun, panel) + TILE, 0);
                    Arrays.fill(w, at.dValues(begun, panel), at.dValues(begun, panel) + TILE, 0);
                }
            }
            for (int head = kvHead * call.group(); head < (kvHead + 1) * call.group(); head++) {
                chunk(workspace, at, head, row, end, first);
            }
        }
        for (; done < begun; done++) {
            flush(w, at, done);
        }
    }

    private void chunk(CpuPool.Workspace workspace, Layout at, int head, int row, int endRow, int firstTile) {
        float[] w = workspace.floats;
        int width = call.padded();
        int blocks = (endRow - row + BLOCK - 1) / BLOCK;
        int stripTiles = chunkBlocks(width);
        for (int b = 0; b < blocks; b++) {
            read(workspace, at, head, row + b * BLOCK, Math.min(BLOCK, endRow - row - b * BLOCK), b);
        }
        for (int strip = firstTile; strip < endTile(endRow); strip += stripTiles) {
            int tiles = Math.min(stripTiles, endTile(endRow) - strip);
            int key = origin() + strip * BLOCK;
            call.run().readKeys(key, tiles * BLOCK, kvHead, w, at.keys, width);
            call.run().readValues(key, tiles * BLOCK, kvHead, w, at.values, width);
            for (int b = 0; b < blocks; b++) {
                int lanes = Math.min(BLOCK, endRow - row - b * BLOCK);
                for (int t = 0; t < tiles; t++) {
                    if (workspace.visibility.decide(
                            key + t * BLOCK, lanes, workspace.first, workspace.last, b * BLOCK)) {
                        tile(workspace, at, key + t * BLOCK, b, t, strip + t);
                    }
                }
            }
        }
        float scale = (float) call.scale();
        for (int b = 0; b < blocks; b++) {
            TileSoftmax.fill(w, at.scratch, BLOCK, scale);
            Transpose.toRows(w, at.dQueryLanes(b), width, at.rows, at.scratch);
            int first = row + b * BLOCK;
            call.dQueries().write(w, at.rows, width, 1, first, Math.min(BLOCK, endRow - first), head);
        }
    }

    private void read(CpuPool.Workspace workspace, Layout at, int head, int row, int count, int b) {
        float[] w = workspace.floats;
        int width = call.padded();
        call.run().bounds(row, count, 1, call.window(), workspace.first, workspace.last, b * BLOCK);
        TileSoftmax.fill(w, at.dQueryLanes(b), BLOCK * width, 0);

        call.queries().read(row, count, head, w, at.rows, width);
        TileSoftmax.fill(w, at.rows + count * width, (BLOCK - count) * width, 0);
        TileSoftmax.fill(w, at.scratch, 16, call.scoreFactor());
        Transpose.toLanes(w, at.rows, width, at.queryLanes(b), at.scratch);
        TileProducts.toPanels(w, at.rows, width, at.queryPanels(b));

        call.dOut().read(row, count, head, w, at.rows, width);
        TileSoftmax.fill(w, at.rows + count * width, (BLOCK - count) * width, 0);
        TileSoftmax.fill(w, at.scratch, 16, 1);
        Transpose.toLanes(w, at.rows, width, at.dOutLanes(b), at.scratch);
        TileProducts.toPanels(w, at.rows, width, at.dOutPanels(b));

        // delta, a row's sum of P * dP, equals dOut . out (FlashAttention, arXiv 2205.14135, B.4).
        call.out().read(row, count, head, w, at.scores, width);
        TileSoftmax.fill(w, at.logSums(b), BLOCK, 0);
        TileSoftmax.fill(w, at.deltas(b), BLOCK, 0);
        for (int i = 0; i < count; i++) {
            w[at.logSums(b) + i] = call.logSumExp(row + i, head);
            w[at.deltas(b) + i] = DecodeProducts.dot(w, at.rows + i * width, at.scores + i * width, width);
        }
        if (call.sinks().any()) {
            // A sink is a score whose value is zero, so its dP is zero: dS = -P * delta.
            double sum = 0;
            for (int i = 0; i < count; i++) {
                sum -= Math.pow(2, (double) call.sinks().logit(head) - w[at.logSums(b) + i]) * w[at.deltas(b) + i];
            }
            call.sinks().addGradient(partIndex, head, sum);
        }
    }

    private void tile(CpuPool.Workspace workspace, Layout at, int key, int b, int stripTile, int tile) {
        float[] w = workspace.floats;
        Visibility visible = workspace.visibility;
        int width = call.padded();
        int keys = at.keys + stripTile * BLOCK * width;
        int values = at.values + stripTile * BLOCK * width;
        TileProducts.byKey(w, keys, width, at.queryLanes(b), visible, at.scores);
        TileProducts.byKey(w, values, width, at.dOutLanes(b), visible, at.dScores);
        if (call.isCapped()) {
            SoftCap.apply(w, at.scores, visible, call.cap(), at.slopes);
        }
        TileSoftmax.probabilities(w, at.scores, visible, at.logSums(b));
        TileSoftmax.mask(w, at.scores, visible, key, workspace.first, workspace.last, b * BLOCK, at.scratch, 0);
        TileProducts.addByKey(w, at.scores, at.dOutPanels(b), width, visible, at.dValues(tile, 0), at.ring * TILE);
        TileSoftmax.scoreGradients(w, at.scores, at.dScores, visible, at.deltas(b));
        if (call.isCapped()) {
            SoftCap.scale(w, at.dScores, at.slopes, visible);
        }
        TileProducts.addByKey(w, at.dScores, at.queryPanels(b), width, visible, at.dKeys(tile, 0), at.ring * TILE);
        TileProducts.addByLane(w, keys, width, at.dScores, visible, at.dQueryLanes(b));
    }

    /// Hands a finished tile over: its own keys to the result, shared ones to the halos.
    private void flush(float[] w, Layout at, int tile) {
        int key = origin() + tile * BLOCK;
        int from = Math.max(key, part.firstKey());
        int end = Math.min(key + BLOCK, part.endRow());
        for (int panel = 0; panel < call.panels(); panel++) {
            int dKeys = at.dKeys(tile, panel) - key * 64;
            int dValues = at.dValues(tile, panel) - key * 64;
            share(w, panel, dKeys, dValues, from, Math.min(end, part.row()));
            share(w, panel, dKeys, dValues, Math.max(from, part.ownEnd()), end);
            int own = Math.max(from, part.row());
            int count = Math.min(end, part.ownEnd()) - own;
            int columns = Math.min(64, call.dKeys().width() - panel * 64);
            call.dKeys()
                    .writeColumns(
                            w, dKeys + own * 64, 64, (float) call.scale(), own, count, kvHead, panel * 64, columns);
            call.dValues().writeColumns(w, dValues + own * 64, 64, 1, own, count, kvHead, panel * 64, columns);
        }
    }

    private void share(float[] w, int panel, int dKeys, int dValues, int from, int end) {
        if (from < end) {
            call.halos().put(part, kvHead, from, end - from, false, panel, w, dKeys + from * 64);
            call.halos().put(part, kvHead, from, end - from, true, panel, w, dValues + from * 64);
        }
    }

    /// Where everything lies in a worker's scratch memory.
    private static final class Layout {
        private final int lanes;
        private final int panels;
        private final int perBlock;
        final int ring;
        final int keys;
        final int values;
        final int rows;
        final int scores;
        final int dScores;
        final int scratch;
        final int slopes;
        private final int dKeys;
        private final int dValues;
        final int end;

        Layout(BackwardCall call, int ring) {
            int width = call.padded();
            int blocks = chunkBlocks(width);
            this.ring = ring;
            lanes = BLOCK * width;
            panels = call.panels() * TILE;
            perBlock = 3 * lanes + 2 * panels + 2 * BLOCK;
            keys = blocks * perBlock;
            values = keys + blocks * lanes;
            rows = values + blocks * lanes;
            scores = rows + lanes;
            // The scores' place also holds rows of the output for a moment.
            dScores = scores + Math.max(TILE, lanes);
            scratch = dScores + TILE;
            slopes = scratch + 3 * BLOCK + 16;
            dKeys = slopes + (call.isCapped() ? TILE : 0);
            dValues = Math.addExact(dKeys, Math.multiplyExact(ring, panels));
            end = Math.addExact(dValues, ring * panels);
        }

        int queryLanes(int block) {
            return block * perBlock;
        }

        int dOutLanes(int block) {
            return queryLanes(block) + lanes;
        }

        int dQueryLanes(int block) {
            return queryLanes(block) + 2 * lanes;
        }

        int queryPanels(int block) {
            return queryLanes(block) + 3 * lanes;
        }

        int dOutPanels(int block) {
            return queryPanels(block) + panels;
        }

        int logSums(int block) {
            return dOutPanels(block) + panels;
        }

        int deltas(int block) {
            return logSums(block) + BLOCK;
        }

        int dKeys(int tile, int panel) {
            return dKeys + (panel * ring + tile % ring) * TILE;
        }

        int dValues(int tile, int panel) {
            return dValues + (panel * ring + tile % ring) * TILE;
        }
    }
}
