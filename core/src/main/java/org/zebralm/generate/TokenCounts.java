package org.zebralm.generate;

import java.util.Arrays;

/// The distinct ids of a sequence in the order they came, each with how often it is in the output.
///
/// Room and time are those of the distinct ids, not of the vocabulary.
final class TokenCounts {
    private static final int INITIAL = 64;

    private int[] ids = new int[INITIAL];
    private int[] counts = new int[INITIAL];
    private int size;

    /// Open addressing: one more than the place in `ids`, or 0; at most half full.
    private int[] table = new int[2 * INITIAL];

    /// Adds an id of the prompt.
    void addPrompt(int id) {
        place(id);
    }

    /// Adds an id of the output.
    void addOutput(int id) {
        int place = place(id);
        counts[place]++;
    }

    int size() {
        return size;
    }

    int id(int place) {
        return ids[place];
    }

    /// How often the id is in the output; 0 if only in the prompt.
    int count(int place) {
        return counts[place];
    }

    private int place(int id) {
        int slot = slot(id);
        if (table[slot] == 0) {
            if (size == ids.length) {
                grow();
                slot = slot(id);
            }
            ids[size] = id;
            table[slot] = ++size;
        }
        return table[slot] - 1;
    }

    /// Returns where the id is in the table, or where it would be.
    private int slot(int id) {
        int mask = table.length - 1;
        int slot = spread(id) & mask;
        while (table[slot] != 0 && ids[table[slot] - 1] != id) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    /// Ids lie together, and a multiple of the table's size apart where a text has patterns; an odd factor spreads
    /// both.
    private static int spread(int id) {
        int product = id * 0x9E3779B1;
        return product ^ product >>> 16;
    }

    private void grow() {
        ids = Arrays.copyOf(ids, 2 * size);
        counts = Arrays.copyOf(counts, 2 * size);
        table = new int[4 * size];
        for (int place = 0; place < size; place++) {
            table[slot(ids[place])] = place + 1;
        }
    }
}
