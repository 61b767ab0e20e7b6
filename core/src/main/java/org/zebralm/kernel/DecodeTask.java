package org.zebralm.kernel;

/// Forward attention of a few query rows of some key-value heads over a piece of the keys.
///
/// For one or a few queries lanes run along the head's width instead: keys and values stream through once, 64
/// at a time, and all queries that share them (rows, and the heads of a group) take their turn while they are
/// in the nearest cache.
///
/// @param kvHead the first key-value head
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its rows
/// @param piece which part of the keys `[fromKey, endKey)` is
record DecodeTask(
        ForwardCall call, KeyRun run, int kvHead, int numKvHeads, int fromKey, int endKey, int firstRecord, int piece)
        implements CpuPool.Task {
    private static final int BLOCK = Lanes.BLOCK;

    /// Returns the scratch floats a task needs for `queries` (row, head) pairs.
    static int floats(int padded, int queries) {
        return 2 * BLOCK * padded + BLOCK + queries * (2 * padded + 2);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        float[] w = workspace.floats;
        int width = call.padded();
        int perHead = run.numRows() * call.group();
        int numQueries = numKvHeads * perHead;
        int keys = 0;
        int values = keys + BLOCK * width;
        int scores = values + BLOCK * width;
        int queries = scores + BLOCK;
        int outputs = queries + numQueries * width;
        int state = outputs + numQueries * width;

        TileSoftmax.fill(w, outputs, numQueries * width, 0);
        for (int i = 0; i < numQueries; i++) {
            w[state + 2 * i] = TileSoftmax.HIDDEN;
            w[state + 2 * i + 1] = 0;
            call.queries().read(run.firstRow() + rowOf(i), 1, headOf(i), w, queries + i * width, width);
        }
        for (int i = queries; i < outputs; i++) {
            w[i] *= call.scoreFactor();
        }
        for (int key = fromKey; key < endKey; key += BLOCK) {
            int count = Math.min(BLOCK, endKey - key);
            int padded = Lanes.padded(count);
            for (int h = 0; h < numKvHeads; h++) {
                run.readKeys(key, padded, kvHead + h, w, keys, width);
                run.readValues(key, padded, kvHead + h, w, values, width);
                for (int i = h * perHead; i < (h + 1) * perHead; i++) {
                    int first = Math.max(run.firstVisible(rowOf(i), call.window()) - key, 0);
                    int last = Math.min(run.lastVisible(rowOf(i)) - key, count - 1);
                    if (first <= last) {
                        attend(
                                w,
                                queries + i * width,
                                keys,
                                values,
                                scores,
                                first,
                                last,
                                padded,
                                state + 2 * i,
                                outputs + i * width);
                    }
                }
            }
        }
        for (int i = 0; i < numQueries; i++) {
            finish(w, i, state + 2 * i, outputs + i * width);
        }
    }

    private void attend(
            float[] w,
            int query,
            int keys,
            int values,
            int scores,
            int first,
            int last,
            int padded,
            int state,
            int output) {
        int width = call.padded();
        DecodeProducts.scores(w, keys, width, padded, query, scores);
        TileSoftmax.fill(w, scores, first, TileSoftmax.HIDDEN);
        TileSoftmax.fill(w, scores + last + 1, padded - last - 1, TileSoftmax.HIDDEN);
        float maximum = w[state];
        float largest = DecodeProducts.largest(w, scores, padded);
        if (largest > maximum) {
            float factor = (float) Math.pow(2, maximum - largest);
            w[state] = largest;
            w[state + 1] *= factor;
            for (int d = 0; d < width; d++) {
                w[output + d] *= factor;
            }
            maximum = largest;
        }
        w[state + 1] += TileSoftmax.exponentials(w, scores, padded, maximum);
        DecodeProducts.addValues(w, values, width, padded, scores, output);
    }

    private void finish(float[] w, int query, int state, int output) {
        int row = rowOf(query);
        int head = headOf(query);
        if (firstRecord >= 0) {
            int record =
                    firstRecord + (piece * run.numRows() + row) * call.queries().heads() + head;
            call.partials().put(record, w[state], w[state + 1], w, output, 1, call.width());
        } else {
            call.out().write(w, output, 0, 1 / w[state + 1], run.firstRow() + row, 1, head);
            call.writeLogSumExp(run.firstRow() + row, head, w[state], w[state + 1]);
        }
    }

    private int rowOf(int query) {
        return query / call.group() % run.numRows();
    }

    private int headOf(int query) {
        int perHead = run.numRows() * call.group();
        return (kvHead + query / perHead) * call.group() + query % call.group();
    }
}
