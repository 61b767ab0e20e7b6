package org.zebralm.kernel;

/// Forward attention of a few queries that share keys (a group's heads, several rows) over a piece of the keys.
///
/// As [DecodeTask], but each block of 64 keys is read once for all queries: its keys are transposed, so that lanes
/// are keys and no score needs a sum across lanes, and its values lie in rows; both are then multiplied by four
/// queries at a time ([RegisterTile]). A score is one chain over the width, an output one chain over the keys,
/// whatever the other queries are.
///
/// @param kvHead the first key-value head
/// @param firstRecord where the run's [Partials] begin, or -1 if this task alone finishes its rows
/// @param piece which part of the keys `[fromKey, endKey)` is
record GroupTask(
        ForwardCall call, KeyRun run, int kvHead, int numKvHeads, int fromKey, int endKey, int firstRecord, int piece)
        implements CpuPool.Task {
    private static final int BLOCK = Lanes.BLOCK;

    /// The most blocks whose scores go through the softmax together, and the most bytes of their keys and values, which
    /// have to stay in a core's own cache until they are used.
    private static final int STRIP = 16;

    private static final int STRIP_BYTES = 256 << 10;

    /// Queries of a register tile.
    private static final int FOUR = 4;

    /// Vectors of keys are worth transposing where that takes a few instructions.
    private static final boolean TRANSPOSES = Lanes.COUNT == 16;

    /// Returns the scratch floats a task needs for `numKvHeads` heads that `perHead` queries share.
    static int floats(int padded, int numKvHeads, int perHead) {
        int slots = slots(perHead);
        return 2 * BLOCK * panels(padded) * BLOCK
                + 16
                + BLOCK
                + slots * STRIP * BLOCK
                + numKvHeads * slots * (padded + panels(padded) * BLOCK + 2)
                + 1;
    }

    private static int slots(int perHead) {
        return Math.ceilDiv(perHead, FOUR) * FOUR;
    }

    private static int panels(int padded) {
        return Math.ceilDiv(padded, BLOCK);
    }

    @Override
    public void run(CpuPool.Workspace workspace) {
        new Walk(this, workspace.floats).run();
    }

    /// One run of the task: where things lie in the scratch memory, and what is done with them.
    private static final class Walk {
        private final GroupTask task;
        private final ForwardCall call;
        private final KeyRun run;
        private final float[] w;
        private final int width;
        private final int panels;
        private final int perHead;
        private final int slots;

        /// A block of keys or values as they lie in memory, `[64][width]`.
        private final int rows;

        /// Keys as `[width][64]`, or values as `[panels][64][64]`.
        private final int panel;

        private final int ones;

        /// What the scores of a block's keys are multiplied by.
        private final int factors;

        /// `[blocks][slots][64]`.
        private final int scores;

        /// `[heads][slots][width]`.
        private final int queries;

        /// `[heads][panels][slots][64]`.
        private final int outputs;

        /// A maximum and a sum for each query.
        private final int state;

        /// One float without meaning.
        private final int nothing;

        Walk(GroupTask task, float[] w) {
            this.task = task;
            this.w = w;
            call = task.call;
            run = task.run;
            width = call.padded();
            panels = panels(width);
            perHead = run.numRows() * call.group();
            slots = slots(perHead);
            rows = 0;
            panel = rows + BLOCK * panels * BLOCK;
            ones = panel + BLOCK * panels * BLOCK;
            factors = ones + 16;
            scores = factors + BLOCK;
            queries = scores + slots * STRIP * BLOCK;
            outputs = queries + task.numKvHeads * slots * width;
            state = outputs + task.numKvHeads * slots * panels * BLOCK;
            nothing = state + task.numKvHeads * slots * 2;
        }

        void run() {
            TileSoftmax.fill(w, ones, 16, 1);
            for (int h = 0; h < task.numKvHeads; h++) {
                begin(h);
            }
            int strip = strip();
            for (int key = task.fromKey; key < task.endKey; key += strip) {
                int count = Math.min(strip, task.endKey - key);
                for (int h = 0; h < task.numKvHeads; h++) {
                    attend(h, key, count);
                }
            }
            for (int h = 0; h < task.numKvHeads; h++) {
                finish(h);
            }
        }

        private int strip() {
            if (run.isTokenMajor() && task.numKvHeads > 1) {
                return BLOCK;
            }
            int blockBytes = 2 * BLOCK * width * run.keys(0).storage().bytes();
            return Math.clamp(STRIP_BYTES / blockBytes, 1, STRIP) * BLOCK;
        }

        private void begin(int h) {
            for (int i = 0; i < perHead; i++) {
                int head = headOf(h, i);
                call.begin(w, head, task.piece, maximum(h, i), maximum(h, i) + 1);
                call.queries().read(run.firstRow() + rowOf(i), 1, head, w, query(h, i), width);
            }
            Rows.multiply(w, query(h, 0), perHead * width, call.scoreFactor());
            // Queries that fill up a tile: whatever they are, their results go nowhere.
            TileSoftmax.fill(w, query(h, perHead), (slots - perHead) * width, 0);
            TileSoftmax.fill(w, output(h, 0, 0), panels * slots * BLOCK, 0);
        }

        private void attend(int h, int key, int count) {
            int head = task.kvHead + h;
            w[nothing] = run.readAheadKeys(key, count, head) + run.readAheadValues(key, count, head);
            for (int at = 0; at < count; at += BLOCK) {
                score(h, key + at, Math.min(BLOCK, count - at), scores + at * slots);
            }
            for (int i = 0; i < perHead; i++) {
                softmax(h, i, key, count);
            }
            for (int at = 0; at < count; at += BLOCK) {
                addValues(h, key + at, Math.min(BLOCK, count - at), scores + at * slots);
            }
        }

        /// Puts the scores of a block's keys into rows of 64 at `to`.
        private void score(int h, int key, int count, int to) {
            if (!TRANSPOSES) {
                run.readKeys(key, count, task.kvHead + h, w, rows, width);
                for (int i = 0; i < perHead; i++) {
                    DecodeProducts.scores(w, rows, width, Lanes.padded(count), query(h, i), to + i * BLOCK);
                }
                return;
            }
            boolean scaled = false;
            for (int j = 0; j < count; j += 16) {
                scaled |= transpose(task.kvHead + h, key + j, Math.min(16, count - j), panel + j, factors + j);
            }
            int vectors = Math.ceilDiv(count, Lanes.COUNT);
            for (int i = 0; i < slots; i += FOUR) {
                for (int d = 0; d < width; d += BLOCK) {
                    int depth = Math.min(BLOCK, width - d);
                    int keys = panel + d * BLOCK;
                    RegisterTile.multiply(w, query(h, i) + d, width, 1, keys, depth, to + i * BLOCK, vectors, d > 0);
                }
            }
            if (scaled) {
                for (int i = 0; i < perHead; i++) {
                    StripSoftmax.multiply(w, to + i * BLOCK, factors, vectors);
                }
            }
        }

        /// Puts up to 16 keys into lanes at `to`, and what their scores have to be multiplied by to `factors`; returns
        /// whether that is anything but 1.
        private boolean transpose(int head, int key, int count, int to, int factors) {
            TileSoftmax.fill(w, factors, 16, 1);
            int range = run.rangeOf(key);
            RowView keys = run.keys(range);
            int first = key - run.rangeStart(range);
            if (count == 16 && first + 16 <= keys.tokens() && WordOrder.fits(call.width(), keys.storage())) {
                KeyPanel.read(keys.at(first, 16, head), keys.tokenBytes(), width, keys.storage(), w, rows, to);
                if (keys.storage() == Storage.INT8) {
                    for (int i = 0; i < 16; i++) {
                        w[factors + i] = keys.scale(first + i, head);
                    }
                    return true;
                }
            } else {
                run.readKeys(key, count, head, w, rows, width);
                for (int d = 0; d < width; d += 16) {
                    Transpose.square(w, rows + d, width, to + d * BLOCK, BLOCK, ones);
                }
            }
            return false;
        }

        /// Turns a query's scores of a strip into probabilities; those of keys it does not see are next to nothing.
        private void softmax(int h, int i, int key, int count) {
            int at = scores + i * BLOCK;
            int apart = slots * BLOCK;
            int first = Math.clamp(run.firstVisible(rowOf(i), call.window()) - key, 0, count);
            int end = Math.clamp(run.lastVisible(rowOf(i)) + 1 - key, first, count);
            int padded = Lanes.padded(count);
            if (first == end) {
                StripSoftmax.fill(w, at, apart, 0, padded, 0);
                return;
            }
            if (call.isCapped()) {
                for (int j = 0; j < padded; j += BLOCK) {
                    SoftCap.apply(w, at + j / BLOCK * apart, Math.min(BLOCK, padded - j), call.cap());
                }
            }
            StripSoftmax.fill(w, at, apart, 0, first, TileSoftmax.HIDDEN);
            StripSoftmax.fill(w, at, apart, end, padded, TileSoftmax.HIDDEN);
            int maximum = maximum(h, i);
            float largest = StripSoftmax.largest(w, at, apart, padded);
            if (largest > w[maximum]) {
                float factor = (float) Math.pow(2, w[maximum] - largest);
                w[maximum] = largest;
                w[maximum + 1] *= factor;
                for (int p = 0; p < panels; p++) {
                    Rows.multiply(w, output(h, p, i), Math.min(BLOCK, width - p * BLOCK), factor);
                }
            }
            w[maximum + 1] += StripSoftmax.exponentials(w, at, apart, padded, w[maximum]);
        }

        private void addValues(int h, int key, int count, int probabilities) {
            run.readValues(key, count, task.kvHead + h, w, rows, width);
            int values = rows;
            if (width != BLOCK) {
                TileProducts.toPanels(w, rows, width, panel);
                values = panel;
            }
            for (int p = 0; p < panels; p++) {
                int vectors = Math.min(BLOCK, width - p * BLOCK) / Lanes.COUNT;
                for (int i = 0; i < slots; i += FOUR) {
                    RegisterTile.multiply(
                            w,
                            probabilities + i * BLOCK,
                            BLOCK,
                            1,
                            values + p * BLOCK * BLOCK,
                            count,
                            output(h, p, i),
                            vectors,
                            true);
                }
            }
        }

        private void finish(int h) {
            for (int i = 0; i < perHead; i++) {
                int output = output(h, 0, i);
                if (panels > 1) {
                    output = rows;
                    for (int p = 0; p < panels; p++) {
                        System.arraycopy(w, output(h, p, i), w, rows + p * BLOCK, BLOCK);
                    }
                }
                write(output, maximum(h, i), rowOf(i), headOf(h, i));
            }
        }

        private void write(int output, int maximum, int row, int head) {
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

        private int rowOf(int i) {
            return i / call.group();
        }

        private int headOf(int h, int i) {
            return (task.kvHead + h) * call.group() + i % call.group();
        }

        private int query(int h, int i) {
            return queries + (h * slots + i) * width;
        }

        private int output(int h, int panel, int i) {
            return outputs + ((h * panels + panel) * slots + i) * BLOCK;
        }

        private int maximum(int h, int i) {
            return state + 2 * (h * slots + i);
        }
    }
}
