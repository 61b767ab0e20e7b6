package org.zebralm.kernel;

/// Forward attention of a few query rows of some key-value heads over a piece of the keys.
///
/// For one or a few queries lanes run along the head's width instead: keys and values stream through once. A
/// strip of keys is walked three times: their scores, the softmax of those, their values. A query that has its
/// keys to itself reads them where they lie ([DecodeStream]), in strips long enough for the processor's
/// prefetching to run at full speed. Queries that share keys (rows, and the heads of a group) take turns, two
/// at a time, while some keys are in the nearest cache ([DecodeProducts]).
///
/// @param kvHead the first key-value head
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its rows
/// @param piece which part of the keys `[fromKey, endKey)` is
record DecodeTask(
        ForwardCall call, KeyRun run, int kvHead, int numKvHeads, int fromKey, int endKey, int firstRecord, int piece)
        implements CpuPool.Task {
    /// Keys that are read together: 64 KiB of bfloat16 at a width of 64 and more, which brought twice the
    /// bandwidth of 64 keys; no further gain beyond.
    private static final int STRIP = 1024;

    private static final int BLOCK = Lanes.BLOCK;

    /// Keys the shortest stream takes.
    private static final int LEAST_STREAM = 8;

    /// Queries and outputs are kept once for each storage's order of elements.
    private static final int ORDERS = Storage.values().length;

    /// Returns the scratch floats a task needs for `queries` (row, head) pairs.
    static int floats(int padded, int queries) {
        return BLOCK * padded + 2 * STRIP + 16 + queries * (STRIP + 16 + 2 * ORDERS * padded + 2);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        new Walk(this, workspace.floats).run();
    }

    private int rowOf(int query) {
        return query / call.group() % run.numRows();
    }

    private int headOf(int query) {
        return (kvHead + query / queriesPerHead()) * call.group() + query % call.group();
    }

    private int queriesPerHead() {
        return run.numRows() * call.group();
    }

    /// One run of the task: where things lie in the scratch memory, and what is done with them.
    private static final class Walk {
        private final DecodeTask task;
        private final ForwardCall call;
        private final KeyRun run;
        private final float[] w;
        private final int width;
        private final int numQueries;
        private final int perHead;
        private final int rows;
        private final int halves;
        private final int scores;
        private final int queries;
        private final int outputs;
        private final int state;

        Walk(DecodeTask task, float[] w) {
            this.task = task;
            this.w = w;
            call = task.call;
            run = task.run;
            width = call.padded();
            perHead = task.queriesPerHead();
            numQueries = task.numKvHeads * perHead;
            rows = 0;
            halves = rows + BLOCK * width;
            scores = halves + 2 * STRIP + 16;
            queries = scores + numQueries * (STRIP + 16);
            outputs = queries + numQueries * ORDERS * width;
            state = outputs + numQueries * ORDERS * width;
        }

        void run() {
            begin();
            int strip = run.isTokenMajor() && task.numKvHeads > 1 ? BLOCK : STRIP;
            int stop;
            for (int key = task.fromKey; key < task.endKey; key = stop) {
                stop = Math.min(key + strip, task.endKey);
                for (int h = 0; h < task.numKvHeads; h++) {
                    for (int from = key; from < stop; from = partEnd(from, stop)) {
                        score(h, from, partEnd(from, stop) - from, from - key);
                    }
                    for (int i = h * perHead; i < (h + 1) * perHead; i++) {
                        softmax(i, key, stop - key);
                    }
                    for (int from = key; from < stop; from = partEnd(from, stop)) {
                        addValues(h, from, partEnd(from, stop) - from, from - key);
                    }
                }
            }
            for (int i = 0; i < numQueries; i++) {
                finish(i);
            }
        }

        private void begin() {
            TileSoftmax.fill(w, outputs, numQueries * ORDERS * width, 0);
            for (int i = 0; i < numQueries; i++) {
                call.begin(w, task.headOf(i), task.piece, state + 2 * i, state + 2 * i + 1);
                int query = query(i, Storage.FLOAT32);
                call.queries().read(run.firstRow() + task.rowOf(i), 1, task.headOf(i), w, query, width);
                Rows.multiply(w, query, width, call.scoreFactor());
                for (Storage storage : Storage.values()) {
                    if (storage != Storage.FLOAT32 && DecodeStream.takes(call.width(), storage)) {
                        DecodeStream.split(w, query, query(i, storage), width, storage);
                    }
                }
            }
        }

        /// Returns where the keys that lie in one piece with `from` end, or a block of them if they are copied.
        private int partEnd(int from, int stop) {
            int range = run.rangeOf(from);
            int end = Math.min(run.rangeStart(range + 1), stop);
            return streams(range, end - from) ? end : Math.min(end, from + BLOCK);
        }

        private boolean streams(int range, int count) {
            return perHead == 1
                    && count >= LEAST_STREAM
                    && DecodeStream.takes(call.width(), run.keys(range).storage());
        }

        /// Computes the scores of keys `[from, from + count)`, all of one range, with a head's queries.
        private void score(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView keys = run.keys(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int i = h * perHead;
            if (streams(range, count)) {
                long address = keys.at(first, count, head);
                int query = query(i, keys.storage());
                DecodeStream.scores(address, keys.tokenBytes(), count, width, keys.storage(), w, query, halves);
                DecodeStream.fold(w, halves, count, scores(i) + at);
                scale(keys, first, count, head, scores(i) + at);
                return;
            }
            keys.read(first, count, head, w, rows, width);
            int padded = Lanes.padded(count);
            TileSoftmax.fill(w, rows + count * width, (padded - count) * width, 0);
            int end = i + perHead;
            for (; i + 2 <= end; i += 2) {
                int query = query(i, Storage.FLOAT32);
                int next = query(i + 1, Storage.FLOAT32);
                DecodeProducts.scores(w, rows, width, padded, query, next, halves, halves + 2 * BLOCK);
                DecodeStream.fold(w, halves, count, scores(i) + at);
                DecodeStream.fold(w, halves + 2 * BLOCK, count, scores(i + 1) + at);
            }
            if (i < end) {
                DecodeProducts.scores(w, rows, width, padded, query(i, Storage.FLOAT32), halves);
                DecodeStream.fold(w, halves, count, scores(i) + at);
            }
        }

        private void scale(RowView rows, int first, int count, int head, int at) {
            if (rows.storage() == Storage.INT8) {
                for (int j = 0; j < count; j++) {
                    w[at + j] *= rows.scale(first + j, head);
                }
            }
        }

        /// Turns a query's scores of keys `[key, key + count)` into probabilities; those of keys it does not see
        /// are next to nothing.
        private void softmax(int i, int key, int count) {
            int at = scores(i);
            int row = task.rowOf(i);
            int first = Math.clamp(run.firstVisible(row, call.window()) - key, 0, count);
            int end = Math.clamp(run.lastVisible(row) + 1 - key, first, count);
            int padded = Lanes.padded(count);
            if (first == end) {
                TileSoftmax.fill(w, at, padded, 0);
                return;
            }
            if (call.isCapped()) {
                SoftCap.apply(w, at, padded, call.cap());
            }
            TileSoftmax.fill(w, at, first, TileSoftmax.HIDDEN);
            TileSoftmax.fill(w, at + end, padded - end, TileSoftmax.HIDDEN);
            int maximum = state + 2 * i;
            float largest = DecodeProducts.largest(w, at, padded);
            if (largest > w[maximum]) {
                float factor = (float) Math.pow(2, w[maximum] - largest);
                w[maximum] = largest;
                w[maximum + 1] *= factor;
                Rows.multiply(w, output(i, Storage.FLOAT32), ORDERS * width, factor);
            }
            w[maximum + 1] += TileSoftmax.exponentials(w, at, padded, w[maximum]);
        }

        /// Adds the values of keys `[from, from + count)`, all of one range, to a head's outputs.
        private void addValues(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView values = run.values(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int i = h * perHead;
            if (streams(range, count)) {
                long address = values.at(first, count, head);
                int p = scores(i) + at;
                scale(values, first, count, head, p);
                int output = output(i, values.storage());
                DecodeStream.addValues(address, values.tokenBytes(), count, width, values.storage(), w, p, output);
                return;
            }
            values.read(first, count, head, w, rows, width);
            int end = i + perHead;
            for (; i + 2 <= end; i += 2) {
                int output = output(i, Storage.FLOAT32);
                int next = output(i + 1, Storage.FLOAT32);
                DecodeProducts.addValues(w, rows, width, count, scores(i) + at, scores(i + 1) + at, output, next);
            }
            if (i < end) {
                DecodeProducts.addValues(w, rows, width, count, scores(i) + at, output(i, Storage.FLOAT32));
            }
        }

        private void finish(int i) {
            int output = output(i, Storage.FLOAT32);
            for (Storage storage : Storage.values()) {
                if (storage != Storage.FLOAT32 && DecodeStream.takes(call.width(), storage)) {
                    DecodeStream.join(w, output(i, storage), rows, width, storage);
                    for (int d = 0; d < width; d++) {
                        w[output + d] += w[rows + d];
                    }
                }
            }
            int maximum = state + 2 * i;
            int row = task.rowOf(i);
            int head = task.headOf(i);
            if (task.firstRecord >= 0) {
                int record = task.firstRecord
                        + (task.piece * run.numRows() + row) * call.queries().heads()
                        + head;
                call.partials().put(record, w[maximum], w[maximum + 1], w, output, 1, call.width());
            } else {
                call.out().write(w, output, 0, 1 / w[maximum + 1], run.firstRow() + row, 1, head);
                call.writeLogSumExp(run.firstRow() + row, head, w[maximum], w[maximum + 1]);
            }
        }

        private int query(int i, Storage order) {
            return queries + (i * ORDERS + order.order()) * width;
        }

        private int output(int i, Storage order) {
            return outputs + (i * ORDERS + order.order()) * width;
        }

        private int scores(int i) {
            return scores + i * (STRIP + 16);
        }
    }
}
