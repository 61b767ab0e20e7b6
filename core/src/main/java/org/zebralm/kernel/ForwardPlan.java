package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;

/// The tasks of a forward call: which rows, heads and keys each computes, and what is put together afterwards.
///
/// A function of shapes, positions and the number of threads alone, so that a sum always has the same order. A
/// decoded sequence's sums do not depend on the sequences beside it either.
final class ForwardPlan {
    /// A few queries stream the keys past them; more are worth a tile, whose lanes they are.
    private static final int MOST_DECODE_ROWS = 4;

    private static final int MOST_DECODE_QUERIES = 16;

    /// The least work of a decode task, in keys of a head with one or two queries, where a call wakes threads.
    private static final int LEAST_WOKEN_TASK = 2048;

    /// The same where threads are awake.
    private static final int LEAST_AWAKE_TASK = 384;

    /// Keys are not split finer: a piece costs a partial result and a share of the wake-up.
    private static final int LEAST_DECODE_PIECE = 256;

    private static final int LEAST_TILE_PIECE = 1024;

    private final ForwardCall call;
    private final int numThreads;
    private final int leastTask;
    private final int numHeads;
    private final int numKvHeads;
    private final List<CpuPool.Task> tasks = new ArrayList<>();
    private final List<Partials.Join> joins = new ArrayList<>();
    private int records;
    private int floats;

    /// @param isAwake whether the threads that will do the tasks wait awake for them
    ForwardPlan(ForwardCall call, List<KeyRun> runs, int numThreads, boolean isAwake) {
        this.call = call;
        this.numThreads = numThreads;
        leastTask = isAwake ? LEAST_AWAKE_TASK : LEAST_WOKEN_TASK;
        numHeads = call.queries().heads();
        numKvHeads = numHeads / call.group();
        List<KeyRun> few = runs.stream().filter(this::isDecode).toList();
        List<KeyRun> many = runs.stream().filter(run -> !isDecode(run)).toList();
        planTiles(many);
        planDecode(few);
    }

    List<CpuPool.Task> tasks() {
        return tasks;
    }

    /// Returns what runs when all [#tasks] are done.
    List<Partials.Join> joins() {
        return joins;
    }

    int records() {
        return records;
    }

    /// Returns the scratch floats a task needs at most.
    int floats() {
        return floats;
    }

    private boolean isDecode(KeyRun run) {
        return run.numDocuments() == 1
                && run.numRows() <= MOST_DECODE_ROWS
                && run.numRows() * call.group() <= MOST_DECODE_QUERIES;
    }

    private void planTiles(List<KeyRun> runs) {
        if (runs.isEmpty()) {
            return;
        }
        floats = Math.max(floats, ForwardTask.floats(call.padded()));
        int blocks = ForwardTask.maxBlocks(call.padded());
        while (blocks > 1 && numTileTasks(runs, blocks) < 6 * numThreads) {
            blocks /= 2;
        }
        int planned = numTileTasks(runs, blocks);
        for (KeyRun run : runs) {
            int pieces = planned >= numThreads || run.numDocuments() > 1
                    ? 1
                    : Math.clamp(visibleKeys(run) / LEAST_TILE_PIECE, 1, (2 * numThreads + planned - 1) / planned);
            int firstRecord = split(run, pieces);
            int fold = fold(run);
            int rows = Lanes.BLOCK / fold * blocks;
            // The last rows of a global layer see most: they go first, so that threads end together.
            for (int row = (run.numRows() - 1) / rows * rows; row >= 0; row -= rows) {
                for (int head = 0; head < numHeads; head += fold) {
                    for (int piece = 0; piece < pieces; piece++) {
                        tasks.add(new ForwardTask(
                                call,
                                run,
                                head,
                                fold,
                                row,
                                Math.min(rows, run.numRows() - row),
                                pieceStart(run, piece, pieces),
                                pieceStart(run, piece + 1, pieces),
                                firstRecord,
                                piece));
                    }
                }
            }
        }
    }

    private int numTileTasks(List<KeyRun> runs, int blocks) {
        int count = 0;
        for (KeyRun run : runs) {
            int fold = fold(run);
            int rows = Lanes.BLOCK / fold * blocks;
            count += numHeads / fold * ((run.numRows() + rows - 1) / rows);
        }
        return count;
    }

    /// Returns how many heads share a block: those of a group, where its rows would leave most lanes empty.
    private int fold(KeyRun run) {
        return run.numRows() * 2 <= Lanes.BLOCK && call.group() <= Lanes.BLOCK && run.numDocuments() == 1
                ? call.group()
                : 1;
    }

    /// Cuts each run by its own length: what else is decoded must not change the order of a sequence's sums.
    private void planDecode(List<KeyRun> runs) {
        for (KeyRun run : runs) {
            int keys = visibleKeys(run);
            int perHead = run.numRows() * call.group();
            long work = (long) keys * numKvHeads * Math.ceilDiv(perHead, 2);
            int wanted = (int) Math.max(1, work / Math.max(leastTask, work / (24L * numThreads)));
            // Short lines of keys are split by head, which needs no joining; long ones by key, so that rows are
            // read whole.
            int headTasks = keys <= 4 * LEAST_DECODE_PIECE || !run.isTokenMajor() ? Math.min(wanted, numKvHeads) : 1;
            int headsPerTask = (numKvHeads + headTasks - 1) / headTasks;
            int pieces = Math.clamp(wanted / headTasks, 1, Math.max(1, keys / LEAST_DECODE_PIECE));
            int firstRecord = split(run, pieces);
            boolean grouped = perHead > 1;
            floats = Math.max(
                    floats,
                    grouped
                            ? GroupTask.floats(call.padded(), headsPerTask, perHead)
                            : DecodeTask.floats(call.padded(), headsPerTask));
            for (int piece = 0; piece < pieces; piece++) {
                for (int head = 0; head < numKvHeads; head += headsPerTask) {
                    int heads = Math.min(headsPerTask, numKvHeads - head);
                    int from = pieceStart(run, piece, pieces);
                    int end = pieceStart(run, piece + 1, pieces);
                    tasks.add(
                            grouped
                                    ? new GroupTask(call, run, head, heads, from, end, firstRecord, piece)
                                    : new DecodeTask(call, run, head, heads, from, end, firstRecord, piece));
                }
            }
        }
    }

    /// Makes room for the partial results of a run, and returns where, or -1 if there is but one piece.
    private int split(KeyRun run, int pieces) {
        if (pieces == 1) {
            return -1;
        }
        int first = records;
        records += pieces * run.numRows() * numHeads;
        joins.add(new Partials.Join(call, run, first, pieces));
        floats = Math.max(floats, call.padded());
        return first;
    }

    private int visibleKeys(KeyRun run) {
        return run.numKeys() - run.firstVisible(0, call.window());
    }

    /// Returns the first key of a piece; pieces are whole blocks but for the last.
    private int pieceStart(KeyRun run, int piece, int pieces) {
        int first = run.firstVisible(0, call.window());
        if (piece == pieces) {
            return run.numKeys();
        }
        int blocks = (run.numKeys() - first + Lanes.BLOCK - 1) / Lanes.BLOCK;
        return first + (int) ((long) blocks * piece / pieces) * Lanes.BLOCK;
    }
}
