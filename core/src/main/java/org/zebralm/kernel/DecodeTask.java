package org.zebralm.kernel;

import java.util.EnumSet;
import java.util.Set;

/// Forward attention of one query row that has its keys to itself: of some key-value heads with one query head each,
/// over a piece of the keys.
///
/// Lanes run along the head's width: keys and values stream through once. A strip of keys is walked three times: their
/// scores, the softmax of those, their values. Keys are read where they lie ([StreamScores], [StreamValues]), in strips
/// long enough for the processor's prefetching to run at full speed. Rows that do not fill whole vectors are padded
/// first ([DecodeProducts]). Queries that share keys are [GroupTask]'s.
///
/// @param kvHead the first head
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its row
/// @param piece which part of the keys `[fromKey, endKey)` is
record DecodeTask(
        ForwardCall call, KeyRun run, int kvHead, int numKvHeads, int fromKey, int endKey, int firstRecord, int piece)
        implements CpuPool.Task {
    /// Keys that are read together: 64 KiB of bfloat16 at a width of 64 and more, which brought a third to
    /// a half more bandwidth than 64 keys; no further gain beyond.
    private static final int STRIP = 1024;

    private static final int BLOCK = Lanes.BLOCK;

    /// Room for the sums of a block of keys, one vector each.
    private static final int SUMS = BLOCK * Lanes.COUNT;

    private static final Storage[] STORAGES = Storage.values();

    /// Queries and outputs are kept once for each storage's order of elements.
    private static final int ORDERS = STORAGES.length;

    /// Returns the scratch floats a task needs for `numKvHeads` heads.
    static int floats(int padded, int numKvHeads) {
        return BLOCK * padded + SUMS + numKvHeads * (STRIP + 16 + 2 * ORDERS * padded + 2);
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
        private final int rows;
        private final int sums;
        private final int scores;
        private final int queries;
        private final int outputs;
        private final int state;
        private final int orderApart;

        /// The storages in whose order, other than the plain one, some of the keys are streamed.
        private final Set<Storage> orders;

        Walk(DecodeTask task, float[] w) {
            this.task = task;
            this.w = w;
            call = task.call;
            run = task.run;
            width = call.padded();
            int heads = task.numKvHeads;
            orderApart = heads * width;
            rows = 0;
            sums = rows + BLOCK * width;
            scores = sums + SUMS;
            queries = scores + heads * (STRIP + 16);
            outputs = queries + ORDERS * orderApart;
            state = outputs + ORDERS * orderApart;
            orders = orders();
        }

        private Set<Storage> orders() {
            Set<Storage> found = EnumSet.noneOf(Storage.class);
            int last = run.rangeOf(task.endKey - 1);
            for (int i = run.rangeOf(task.fromKey); i <= last; i++) {
                if (streams(i)) {
                    found.add(run.keys(i).storage());
                }
            }
            found.remove(Storage.FLOAT32);
            return found;
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
                    softmax(h, key, stop - key);
                    for (int from = key; from < stop; from = partEnd(from, stop)) {
                        addValues(h, from, partEnd(from, stop) - from, from - key);
                    }
                }
            }
            for (int h = 0; h < task.numKvHeads; h++) {
                finish(h);
            }
        }

        private void begin() {
            TileSoftmax.fill(w, outputs, ORDERS * orderApart, 0);
            for (int h = 0; h < task.numKvHeads; h++) {
                int head = task.kvHead + h;
                int query = query(h, Storage.FLOAT32);
                call.begin(w, head, task.piece, maximum(h), maximum(h) + 1);
                call.queries().read(run.firstRow(), 1, head, w, query, width);
                Rows.multiply(w, query, width, call.scoreFactor());
                for (Storage storage : orders) {
                    WordOrder.split(w, query, query(h, storage), width, storage);
                }
            }
        }

        /// Returns where the keys that are worked on together with `from` end: in one piece of memory, and few
        /// enough for the scratch memory where they are copied.
        private int partEnd(int from, int stop) {
            int range = run.rangeOf(from);
            int end = Math.min(run.rangeStart(range + 1), stop);
            return streams(range) ? end : Math.min(end, from + BLOCK);
        }

        private boolean streams(int range) {
            return WordOrder.fits(call.width(), run.keys(range).storage());
        }

        /// Computes the scores of keys `[from, from + count)`, all of one range.
        private void score(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView keys = run.keys(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int to = scores(h) + at;
            if (!streams(range)) {
                keys.read(first, count, head, w, rows, width);
                int padded = Lanes.padded(count);
                TileSoftmax.fill(w, rows + count * width, (padded - count) * width, 0);
                DecodeProducts.scores(w, rows, width, padded, query(h, Storage.FLOAT32), to);
                return;
            }
            Storage storage = keys.storage();
            long address = keys.at(first, count, head);
            StreamScores.scores(address, keys.tokenBytes(), count, width, storage, w, query(h, storage), sums, to);
            scale(keys, first, count, head, to);
        }

        /// Multiplies scores or probabilities by the factors of int8 rows.
        private void scale(RowView rows, int first, int count, int head, int at) {
            if (rows.storage() == Storage.INT8) {
                for (int j = 0; j < count; j++) {
                    w[at + j] *= rows.scale(first + j, head);
                }
            }
        }

        /// Turns the scores of keys `[key, key + count)` into probabilities; those of keys the query does not see are
        /// next to nothing.
        private void softmax(int h, int key, int count) {
            int at = scores(h);
            int first = Math.clamp(run.firstVisible(0, call.window()) - key, 0, count);
            int end = Math.clamp(run.lastVisible(0) + 1 - key, first, count);
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
            int maximum = maximum(h);
            float largest = DecodeProducts.largest(w, at, padded);
            if (largest > w[maximum]) {
                float factor = (float) Math.pow(2, w[maximum] - largest);
                w[maximum] = largest;
                w[maximum + 1] *= factor;
                for (Storage storage : STORAGES) {
                    Rows.multiply(w, output(h, storage), width, factor);
                }
            }
            w[maximum + 1] += TileSoftmax.exponentials(w, at, padded, w[maximum]);
        }

        /// Adds the values of keys `[from, from + count)`, all of one range, to a head's output.
        private void addValues(int h, int from, int count, int at) {
            int range = run.rangeOf(from);
            RowView values = run.values(range);
            int first = from - run.rangeStart(range);
            int head = task.kvHead + h;
            int probabilities = scores(h) + at;
            if (!streams(range)) {
                values.read(first, count, head, w, rows, width);
                DecodeProducts.addValues(w, rows, width, count, probabilities, output(h, Storage.FLOAT32));
                return;
            }
            scale(values, first, count, head, probabilities);
            Storage storage = values.storage();
            long address = values.at(first, count, head);
            StreamValues.add(address, values.tokenBytes(), count, width, storage, w, probabilities, output(h, storage));
        }

        private void finish(int h) {
            int output = output(h, Storage.FLOAT32);
            for (Storage storage : orders) {
                WordOrder.join(w, output(h, storage), rows, width, storage);
                for (int d = 0; d < width; d++) {
                    w[output + d] += w[rows + d];
                }
            }
            int maximum = maximum(h);
            int head = task.kvHead + h;
            if (task.firstRecord >= 0) {
                int record = task.firstRecord + task.piece * call.queries().heads() + head;
                call.partials().put(record, w[maximum], w[maximum + 1], w, output, 1, call.width());
            } else {
                call.out().write(w, output, 0, 1 / w[maximum + 1], run.firstRow(), 1, head);
                call.writeLogSumExp(run.firstRow(), head, w[maximum], w[maximum + 1]);
            }
        }

        private int query(int h, Storage order) {
            return queries + order.order() * orderApart + h * width;
        }

        private int output(int h, Storage order) {
            return outputs + order.order() * orderApart + h * width;
        }

        private int scores(int h) {
            return scores + h * (STRIP + 16);
        }

        private int maximum(int h) {
            return state + 2 * h;
        }
    }
}
