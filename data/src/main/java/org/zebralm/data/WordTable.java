package org.zebralm.data;

import java.util.Arrays;

/// Words by their bytes, each with a count: a hash table without an object for a word.
///
/// A word is known by a small number, its place here, in the order of their first coming. A word takes its bytes and
/// about 30 more.
final class WordTable {

    private static final int NONE = -1;

    /// What the arrays take for a word beside its bytes, by their shares in use.
    private static final int BYTES_PER_WORD = 32;

    private byte[] bytes = new byte[1 << 12];
    private int[] slots = new int[1 << 10];
    // Word i is bytes[ends[i - 1]] to bytes[ends[i]].
    private int[] ends = new int[(1 << 9) + 1];
    private int[] hashes = new int[(1 << 9) + 1];
    private long[] counts = new long[(1 << 9) + 1];
    private int size;
    private int used;

    WordTable() {
        Arrays.fill(slots, NONE);
    }

    int size() {
        return size;
    }

    /// The memory taken, about.
    long memory() {
        return used + (long) size * BYTES_PER_WORD;
    }

    /// All words' bytes, one after the other; see [#start] and [#end].
    byte[] bytes() {
        return bytes;
    }

    int start(int word) {
        return word == 0 ? 0 : ends[word - 1];
    }

    int end(int word) {
        return ends[word];
    }

    int hash(int word) {
        return hashes[word];
    }

    long count(int word) {
        return counts[word];
    }

    /// Counts a word `count` more times; returns its place, which is the size before if it is new.
    ///
    /// @param hash the word's [WordHash]
    int add(byte[] text, int start, int end, int hash, long count) {
        int mask = slots.length - 1;
        int slot = hash & mask;
        for (; slots[slot] != NONE; slot = (slot + 1) & mask) {
            int word = slots[slot];
            if (hashes[word] == hash && Arrays.equals(bytes, start(word), ends[word], text, start, end)) {
                counts[word] += count;
                return word;
            }
        }
        slots[slot] = size;
        append(text, start, end, hash, count);
        if (2 * size > slots.length) {
            grow();
        }
        return size - 1;
    }

    /// Adds what another table holds.
    void addAll(WordTable other) {
        for (int word = 0; word < other.size; word++) {
            add(other.bytes, other.start(word), other.ends[word], other.hashes[word], other.counts[word]);
        }
    }

    /// Forgets all words and keeps the room they took.
    void clear() {
        Arrays.fill(slots, NONE);
        size = 0;
        used = 0;
    }

    private void append(byte[] text, int start, int end, int hash, long count) {
        int length = end - start;
        if (bytes.length - used < length) {
            bytes = Arrays.copyOf(bytes, larger(used + (long) length));
        }
        System.arraycopy(text, start, bytes, used, length);
        used += length;
        ends[size] = used;
        hashes[size] = hash;
        counts[size] = count;
        size++;
    }

    private static int larger(long needed) {
        // Arrays end a little below 2^31 elements.
        long most = Integer.MAX_VALUE - 8;
        if (needed > most) {
            throw new OutOfMemoryError("the words of a table take more than 2 GiB");
        }
        return (int) Math.min(most, needed + needed / 2);
    }

    private void grow() {
        slots = new int[2 * slots.length];
        Arrays.fill(slots, NONE);
        int capacity = slots.length / 2 + 1;
        ends = Arrays.copyOf(ends, capacity);
        hashes = Arrays.copyOf(hashes, capacity);
        counts = Arrays.copyOf(counts, capacity);
        int mask = slots.length - 1;
        for (int word = 0; word < size; word++) {
            int slot = hashes[word] & mask;
            while (slots[slot] != NONE) {
                slot = (slot + 1) & mask;
            }
            slots[slot] = word;
        }
    }
}
