package org.zebralm.kernel;

/// Forward attention of some query blocks of one head (or of a group's heads, folded into the lanes) over some
/// keys.
///
/// Keys are read strip by strip, as many as there are queries, so that a task's memory does not grow with the
/// sequence; each block keeps its running maximum, sum and output between strips (Milakov and Gimelshein, arXiv
/// 1805.02867).
///
/// @param head the first query head
/// @param fold the number of heads, and of lanes per row
/// @param row the first row, relative to the run
/// @param fromKey the first key to look at
/// @param endKey the end of the keys to look at
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its rows
/// @param piece which part of the keys this is
record ForwardTask(
        ForwardCall call,
        KeyRun run,
        int head,
        int fold,
        int row,
        int numRows,
        int fromKey,
        int endKey,
        int firstRecord,
        int piece)
        implements CpuPool.Task {
    private static final int BLOCK = Lanes.BLOCK;
    private static final int STATE = 2 * BLOCK;

    /// Returns how many blocks of queries a task may have so that its state and a strip of keys stay in a
    /// core's own cache.
    static int maxBlocks(int padded) {
        return Math.clamp(512 / padded, 1, 8);
    }

    /// Returns the scratch floats a task needs.
    static int floats(int padded) {
        int blocks = maxBlocks(padded);
        return blocks * (4 * BLOCK * padded + STATE) + BLOCK * padded + BLOCK * BLOCK + 3 * BLOCK + 16;
    }

    private int rowsPerBlock() {
        return BLOCK / fold;
    }

    private int rowsOf(int block) {
        return Math.min(rowsPerBlock(), numRows - block * rowsPerBlock());
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int width = call.padded();
        int panel = BLOCK * width;
        int blocks = (numRows + rowsPerBlock() - 1) / rowsPerBlock();
        int queries = 0;
        int outputs = queries + blocks * panel;
        int state = outputs + blocks * panel;
        int scores = state + blocks * STATE;
        int scratch = scores + BLOCK * BLOCK;
        int rows = scratch + 3 * BLOCK + 16;
        int keys = rows + panel;
        int stripKeys = maxBlocks(width) * BLOCK;
        int values = keys + stripKeys * width;

        TileSoftmax.fill(w, outputs, blocks * panel, 0);
        for (int b = 0; b < blocks; b++) {
            for (int lane = 0; lane < BLOCK; lane++) {
                int at = state + b * STATE + lane;
                call.begin(w, head + lane % fold, piece, at, at + BLOCK);
            }
            readQueries(w, b, rows, scratch, queries + b * panel);
            run.bounds(
                    row + b * rowsPerBlock(),
                    rowsOf(b),
                    fold,
                    call.window(),
                    workspace.first,
                    workspace.last,
                    b * BLOCK);
        }
        for (int lane = 0; lane < blocks * BLOCK; lane++) {
            workspace.first[lane] = Math.max(workspace.first[lane], fromKey);
            workspace.last[lane] = Math.min(workspace.last[lane], endKey - 1);
        }
        // Tiles are counted from the first own key, so that the diagonal cuts as few squares as it can.
        int own = run.lastVisible(row);
        int lowest = Math.max(fromKey, run.firstVisible(row, call.window()));
        int end = Math.min(endKey, run.lastVisible(row + numRows - 1) + 1);
        int start = own + Math.floorDiv(lowest - own, BLOCK) * BLOCK;
        int kvHead = head / call.group();
        for (int strip = start; strip < end; strip += stripKeys) {
            int count = Math.min(stripKeys, (end - strip + BLOCK - 1) / BLOCK * BLOCK);
            run.readKeys(strip, count, kvHead, w, keys, width);
            run.readValues(strip, count, kvHead, w, values, width);
            for (int b = 0; b < blocks; b++) {
                for (int tile = 0; tile < count; tile += BLOCK) {
                    if (workspace.visibility.decide(
                            strip + tile, rowsOf(b) * fold, workspace.first, workspace.last, b * BLOCK)) {
                        attend(
                                workspace,
                                strip + tile,
                                b * BLOCK,
                                queries + b * panel,
                                keys + tile * width,
                                values + tile * width,
                                scores,
                                scratch,
                                state + b * STATE,
                                outputs + b * panel);
                    }
                }
            }
        }
        for (int b = 0; b < blocks; b++) {
            finish(w, b, state + b * STATE, outputs + b * panel, scratch, rows);
        }
    }

    private void attend(
            CpuPool.Workspace workspace,
            int key,
            int lanes,
            int queries,
            int keys,
            int values,
            int scores,
            int scratch,
            int maximum,
            int outputs) {
        float[] w = workspace.floats;
        Visibility visible = workspace.visibility;
        int width = call.padded();
        int sum = maximum + BLOCK;
        TileProducts.byKey(w, keys, width, queries, visible, scores);
        if (call.isCapped()) {
            SoftCap.apply(w, scores, visible, call.cap(), -1);
        }
        TileSoftmax.mask(w, scores, visible, key, workspace.first, workspace.last, lanes, scratch, TileSoftmax.HIDDEN);
        if (TileSoftmax.maxima(w, scores, visible, maximum, scratch)) {
            TileSoftmax.rescale(w, visible.vectors, outputs, width, sum, scratch, maximum);
        }
        TileSoftmax.exponentials(w, scores, visible, maximum, sum);
        TileProducts.addByLane(w, values, width, scores, visible, outputs);
    }

    private void readQueries(float[] w, int block, int rows, int scratch, int to) {
        int width = call.padded();
        int first = run.firstRow() + row + block * rowsPerBlock();
        int count = rowsOf(block);
        if (fold == 1) {
            call.queries().read(first, count, head, w, rows, width);
        } else {
            for (int i = 0; i < count * fold; i++) {
                call.queries().read(first + i / fold, 1, head + i % fold, w, rows + i * width, width);
            }
        }
        TileSoftmax.fill(w, rows + count * fold * width, (BLOCK - count * fold) * width, 0);
        TileSoftmax.fill(w, scratch, 16, call.scoreFactor());
        Transpose.toLanes(w, rows, width, to, scratch);
    }

    private void finish(float[] w, int block, int maximum, int outputs, int scratch, int rows) {
        int width = call.padded();
        int first = run.firstRow() + row + block * rowsPerBlock();
        int lanes = rowsOf(block) * fold;
        int sum = maximum + BLOCK;
        if (firstRecord >= 0) {
            int heads = call.queries().heads();
            for (int i = 0; i < lanes; i++) {
                int local = first - run.firstRow() + i / fold;
                int record = firstRecord + (piece * run.numRows() + local) * heads + head + i % fold;
                call.partials().put(record, w[maximum + i], w[sum + i], w, outputs + i, BLOCK, call.width());
            }
            return;
        }
        for (int i = 0; i < BLOCK; i++) {
            w[scratch + i] = 1 / w[sum + i];
        }
        Transpose.toRows(w, outputs, width, rows, scratch);
        if (fold == 1) {
            call.out().write(w, rows, width, 1, first, lanes, head);
        }
        for (int i = 0; i < lanes; i++) {
            if (fold > 1) {
                call.out().write(w, rows + i * width, width, 1, first + i / fold, 1, head + i % fold);
            }
            call.writeLogSumExp(first + i / fold, head + i % fold, w[maximum + i], w[sum + i]);
        }
    }
}
