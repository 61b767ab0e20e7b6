package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;

/// Gradients of keys and values that several tasks contribute to, in float32, until they are added up in the
/// order of the parts.
///
/// Grown once, used again. Each task has rows of its own, so there is nothing to synchronise and the sums do
/// not depend on who came first.
final class Halos {
    private static final int KEYS_PER_JOIN = 256;

    private float[] rows = new float[0];
    private int size;
    private int rowsPerHead;

    /// Makes room for the shared rows of `parts`, for each of `numHeads` heads of `columns` columns.
    void reserve(List<BackwardPart> parts, int numHeads, int columns) {
        rowsPerHead = parts.stream().mapToInt(BackwardPart::sharedRows).sum();
        size = 2 * columns;
        int needed = Math.multiplyExact(Math.multiplyExact(rowsPerHead, numHeads), size);
        if (rows.length < needed) {
            rows = new float[needed];
        }
    }

    /// Puts one panel of 64 columns of `count` shared keys' gradients, rows of 64 floats at `from`.
    void put(BackwardPart part, int head, int key, int count, boolean values, int panel, float[] w, int from) {
        int at = offset(part, head, key) + (values ? size / 2 : 0) + panel * 64;
        for (int i = 0; i < count; i++) {
            System.arraycopy(w, from + i * 64, rows, at + i * size, 64);
        }
    }

    private int offset(BackwardPart part, int head, int key) {
        return (head * rowsPerHead + part.slotOf(key)) * size;
    }

    /// Returns the tasks that add up everything shared; none where parts meet only between documents.
    static List<Join> joins(BackwardCall call, List<BackwardPart> parts) {
        List<Join> joins = new ArrayList<>();
        for (int owner = 0; owner < parts.size(); owner++) {
            for (int head = 0; head < call.dKeys().heads(); head++) {
                for (int key = parts.get(owner).ownEnd(); key < parts.get(owner).endRow(); key += KEYS_PER_JOIN) {
                    int end = Math.min(key + KEYS_PER_JOIN, parts.get(owner).endRow());
                    joins.add(new Join(call, parts, owner, head, key, end));
                }
            }
        }
        return joins;
    }

    /// Adds up shared keys `[fromKey, endKey)` of one head, which belong to part `owner`.
    record Join(BackwardCall call, List<BackwardPart> parts, int owner, int head, int fromKey, int endKey)
            implements CpuPool.Task {
        @Override
        public void run(CpuPool.Workspace workspace) {
            float[] w = workspace.floats;
            Halos halos = call.halos();
            int size = halos.size;
            for (int key = fromKey; key < endKey; key++) {
                System.arraycopy(halos.rows, halos.offset(parts.get(owner), head, key), w, 0, size);
                for (int i = owner + 1; i < parts.size(); i++) {
                    BackwardPart part = parts.get(i);
                    if (key >= part.firstKey() && key < part.row()) {
                        int at = halos.offset(part, head, key);
                        for (int d = 0; d < size; d++) {
                            w[d] += halos.rows[at + d];
                        }
                    }
                }
                call.dKeys().write(w, 0, size, (float) call.scale(), key, 1, head);
                call.dValues().write(w, size / 2, size, 1, key, 1, head);
            }
        }
    }
}
