package org.zebralm.kernel;

/// Forward attention of a few query rows of some key-value heads over a piece of the keys.
///
/// For one or a few queries lanes run along the head's width instead: keys and values stream through once. A
/// strip of keys is walked three times: their scores, the softmax of those, their values. A query that has its
/// keys to itself reads them where they lie ([StreamScores], [StreamValues]), in strips long enough for the processor's
/// prefetching to run at full speed. Queries that share keys (rows, and the heads of a group) read them two at a
/// time ([StreamPairScores],
/// [StreamPairValues]). Rows that do not fill whole vectors are padded first
/// ([DecodeProducts]).
///
/// @param kvHead the first key-value head
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its rows
/// @param piece which part of the keys `[fromKey, endKey)` is
record DecodeTask(
        ForwardCall call, KeyRun run, int kvHead, int numKvHeads, int fromKey, int endKey, int firstRecord, int piece)
        implements CpuPool.Task {
    /// Keys that are read together: 64 KiB of bfloat16 at a width of 64 and more, which brought a third to
    /// a half more bandwidth than 64 keys; no further gain beyond.
    private static final int STRIP = 1024;

    private static final int BLOCK = Lanes.BLOCK;

    /// Queries that share keys are taken two at a time.
    private static final int PAIR = 2;

    /// Room for the sums of two queries with a block of keys, one vector each.
    private static final int SUMS = PAIR * BLOCK * Lanes.COUNT;

    /// Queries and outputs are kept once for each storage's order of elements.
    private static final int ORDERS = Storage.values().length;

    /// Returns the scratch floats a task needs for `numKvHeads` heads that `perHead` queries share.
    static int floats(int padded, int numKvHeads, int perHead) {
        int slots = numKvHeads * slots(perHead);
        return BLOCK * padded + SUMS + slots * (STRIP + 16 + 2 * ORDERS * padded + 2);
    }

    /// Returns the room for a head's queries: whole pairs where they share keys, of which one may stay empty.
    private static int slots(int perHead) {
        return perHead == 1 ? 1 : Math.ceilDiv(perHead, PAIR) * PAIR;
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        new Walk(this, workspace.floats).run();
    }

    /// One run of the task: where things lie in the scratch memory, and what is done with them.
    private static final class Walk {
        private final DecodeTask task;
        private final ForwardCall call;
        private final KeyRun run;
        private final float[] w;
        private final int width;
        private final int perHead;
        private final int perHeadSlots;
        private final int rows;
        private final int sums;
        private final int scores;
        private final int queries;
        private final int outputs;
        private final int state;
        private final int orderApart;

        Walk(DecodeTask task, float[] w) {
            this.task = task;
            this.w = w;
            call = task.call;
            run = task.run;
            width = call.padded();
            perHead = run.numRows() * call.group();
            perHeadSlots = slots(perHead);
            int slots = task.numKvHeads * perHeadSlots;
            orderApart = slots * width;
            rows = 0;
            sums = rows + BLOCK * width;
            scores = sums + SUMS;
            queries = scores + slots * (STRIP + 16);
            outputs = queries + ORDERS * orderApart;
            state = outputs + ORDERS * orderApart;
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
                    for (int i = 0; i < perHead; i++) {
                        softmax(h * perHeadSlots + i, rowOf(i), key, stop - key);
                    }
                    for (int from = key; from < stop; from = partEnd(from, stop)) {
                        addValues(h, from, partEnd(from, stop) - from, from - key);
                    }
                }
            }
            for (int h = 0; h < task.numKvHeads; h++) {
                for (int i = 0; i < perHead; i++) {
                    finish(h * perHeadSlots + i, rowOf(i), headOf(h, i));
                }
            }
        }

        private int rowOf(int i) {
            return i / call.group();
        }

        private int headOf(int h, int i) {
            return (task.kvHead + h) * call.group() + i % call.group();
        }

        private void begin() {
            TileSoftmax.fill(w, queries, 2 * ORDERS * orderApart, 0);
            for (int h = 0; h < task.numKvHeads; h++) {
                for (int i = 0; i < perHead; i++) {
                    int slot = h * perHeadSlots + i;
                    int query = query(slot, Storage.FLOAT32);
                    call.begin(w, headOf(h, i), task.piece, state + 2 * slot, state + 2 * slot + 1);
                    call.queries().read(run.firstRow() + rowOf(i), 1, headOf(h, i), w, query, width);
                    Rows.multiply(w, query, width, call.scoreFactor());
                    for (Storage storage : Storage.values()) {
                        if (storage != Storage.FLOAT32 && WordOrder.fits(call.width(), storage)) {
                            WordOrder.split(w, query, query(slot, storage), width, storage);
                        }
                    }
                }
            }
        }

        /// Returns where the keys that are worked on together with `from` end: in one piece of memory, and few
        /// enough for the nearest cache where they are read more than once.
        private int partEnd(int from, int stop) {
            int range = run.rangeOf(from);
            int end = Math.min(run.rangeStart(range + 1), stop);
            return perHead == 1 && streams(range) ? end : Math.min(end, from + BLOCK);
        }

        private boolean streams(int range) {
            return WordOrder.fits(call.width(), run.keys(range).storage());
        }

        /// Computes the scores of keys `[from, from + count)`, all of one range, with a head's queries.
        private void score(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView keys = run.keys(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int slot = h * perHeadSlots;
            if (!streams(range)) {
                keys.read(first, count, head, w, rows, width);
                int padded = Lanes.padded(count);
                TileSoftmax.fill(w, rows + count * width, (padded - count) * width, 0);
                for (int i = slot; i < slot + perHead; i++) {
                    DecodeProducts.scores(w, rows, width, padded, query(i, Storage.FLOAT32), scores(i) + at);
                }
                return;
            }
            long address = keys.at(first, count, head);
            Storage storage = keys.storage();
            if (perHead == 1) {
                int query = query(slot, storage);
                StreamScores.scores(
                        address, keys.tokenBytes(), count, width, storage, w, query, sums, scores(slot) + at);
            } else {
                for (int i = slot; i < slot + perHeadSlots; i += PAIR) {
                    int query = query(i, storage);
                    StreamPairScores.scores(
                            address,
                            keys.tokenBytes(),
                            count,
                            width,
                            storage,
                            w,
                            query,
                            width,
                            sums,
                            scores(i) + at,
                            STRIP + 16);
                }
            }
            scale(keys, first, count, head, slot, at);
        }

        /// Multiplies a head's scores or probabilities by the factors of int8 rows.
        private void scale(RowView rows, int first, int count, int head, int slot, int at) {
            if (rows.storage() == Storage.INT8) {
                for (int j = 0; j < count; j++) {
                    float factor = rows.scale(first + j, head);
                    for (int i = slot; i < slot + perHead; i++) {
                        w[scores(i) + at + j] *= factor;
                    }
                }
            }
        }

        /// Turns a query's scores of keys `[key, key + count)` into probabilities; those of keys it does not see
        /// are next to nothing.
        private void softmax(int slot, int row, int key, int count) {
            int at = scores(slot);
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
            int maximum = state + 2 * slot;
            float largest = DecodeProducts.largest(w, at, padded);
            if (largest > w[maximum]) {
                float factor = (float) Math.pow(2, w[maximum] - largest);
                w[maximum] = largest;
                w[maximum + 1] *= factor;
                for (Storage storage : Storage.values()) {
                    Rows.multiply(w, output(slot, storage), width, factor);
                }
            }
            w[maximum + 1] += TileSoftmax.exponentials(w, at, padded, w[maximum]);
        }

        /// Adds the values of keys `[from, from + count)`, all of one range, to a head's outputs.
        private void addValues(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView values = run.values(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int slot = h * perHeadSlots;
            if (!streams(range)) {
                values.read(first, count, head, w, rows, width);
                for (int i = slot; i < slot + perHead; i++) {
                    int output = output(i, Storage.FLOAT32);
                    DecodeProducts.addValues(w, rows, width, count, scores(i) + at, output);
                }
                return;
            }
            scale(values, first, count, head, slot, at);
            long address = values.at(first, count, head);
            Storage storage = values.storage();
            if (perHead == 1) {
                int output = output(slot, storage);
                StreamValues.add(address, values.tokenBytes(), count, width, storage, w, scores(slot) + at, output);
            } else {
                for (int i = slot; i < slot + perHeadSlots; i += PAIR) {
                    int p = scores(i) + at;
                    int output = output(i, storage);
                    StreamPairValues.add(
                            address, values.tokenBytes(), count, width, storage, w, p, STRIP + 16, output, width);
                }
            }
        }

        private void finish(int slot, int row, int head) {
            int output = output(slot, Storage.FLOAT32);
            for (Storage storage : Storage.values()) {
                if (storage != Storage.FLOAT32 && WordOrder.fits(call.width(), storage)) {
                    WordOrder.join(w, output(slot, storage), rows, width, storage);
                    for (int d = 0; d < width; d++) {
                        w[output + d] += w[rows + d];
                    }
                }
            }
            int maximum = state + 2 * slot;
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

        private int query(int slot, Storage order) {
            return queries + order.order() * orderApart + slot * width;
        }

        private int output(int slot, Storage order) {
            return outputs + order.order() * orderApart + slot * width;
        }

        private int scores(int slot) {
            return scores + slot * (STRIP + 16);
        }
    }
}
