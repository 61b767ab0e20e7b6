package org.zebralm.kernel;

/// Forward attention of a few query rows of some key-value heads over a piece of the keys.
///
/// For one or a few queries lanes run along the head's width instead: keys and values stream through once, up
/// to 64 at a time, and all queries that share them (rows, and the heads of a group) take their turn while they
/// are in the nearest cache. Rows that fill whole vectors are read by [DecodeStream] where they lie, others are
/// padded first.
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
        boolean direct = DecodeStream.takes(call.width(), bfloat16());
        if (direct && bfloat16()) {
            for (int i = 0; i < numQueries; i++) {
                DecodeStream.split(w, queries + i * width, keys, width);
                System.arraycopy(w, keys, w, queries + i * width, width);
            }
        }
        int stop;
        for (int key = fromKey; key < endKey; key = stop) {
            int range = run.rangeOf(key);
            stop = Math.min(Math.min(key + BLOCK, endKey), direct ? run.rangeStart(range + 1) : endKey);
            int count = stop - key;
            for (int h = 0; h < numKvHeads; h++) {
                if (!direct) {
                    run.readKeys(key, Lanes.padded(count), kvHead + h, w, keys, width);
                    run.readValues(key, Lanes.padded(count), kvHead + h, w, values, width);
                }
                for (int i = h * perHead; i < (h + 1) * perHead; i++) {
                    int first = Math.max(run.firstVisible(rowOf(i), call.window()) - key, 0);
                    int last = Math.min(run.lastVisible(rowOf(i)) - key, count - 1);
                    int query = queries + i * width;
                    int output = outputs + i * width;
                    if (first <= last && direct) {
                        RowView k = run.keys(range);
                        RowView v = run.values(range);
                        int at = key - run.rangeStart(range);
                        long from = k.at(at, count, kvHead + h);
                        DecodeStream.scores(from, k.tokenBytes(), count, width, bfloat16(), w, query, scores);
                        softmax(w, scores, first, last, Lanes.padded(count), state + 2 * i, output);
                        from = v.at(at, count, kvHead + h);
                        DecodeStream.addValues(from, v.tokenBytes(), count, width, bfloat16(), w, scores, output);
                    } else if (first <= last) {
                        int padded = Lanes.padded(count);
                        DecodeProducts.scores(w, keys, width, padded, query, scores);
                        softmax(w, scores, first, last, padded, state + 2 * i, output);
                        DecodeProducts.addValues(w, values, width, padded, scores, output);
                    }
                }
            }
        }
        if (direct && bfloat16()) {
            for (int i = 0; i < numQueries; i++) {
                DecodeStream.join(w, outputs + i * width, keys, width);
                System.arraycopy(w, keys, w, outputs + i * width, width);
            }
        }
        for (int i = 0; i < numQueries; i++) {
            finish(w, i, state + 2 * i, outputs + i * width);
        }
    }

    private boolean bfloat16() {
        return call.queries().bfloat16();
    }

    /// Turns a block's scores into probabilities, of which those outside `[first, last]` are next to nothing.
    private void softmax(float[] w, int scores, int first, int last, int padded, int state, int output) {
        TileSoftmax.fill(w, scores, first, TileSoftmax.HIDDEN);
        TileSoftmax.fill(w, scores + last + 1, padded - last - 1, TileSoftmax.HIDDEN);
        float maximum = w[state];
        float largest = DecodeProducts.largest(w, scores, padded);
        if (largest > maximum) {
            float factor = (float) Math.pow(2, maximum - largest);
            w[state] = largest;
            w[state + 1] *= factor;
            for (int d = 0; d < call.padded(); d++) {
                w[output + d] *= factor;
            }
            maximum = largest;
        }
        w[state + 1] += TileSoftmax.exponentials(w, scores, padded, maximum);
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
