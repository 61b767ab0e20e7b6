package org.zebralm.data;

import java.util.Arrays;

/// Pairs of neighbouring tokens: how often each occurs, and in which words.
///
/// A pair is known by a small number, its place here; places are never given up. An open-addressing hash table finds
/// the place, since a map of boxed keys would take most of the training time.
final class PairTable {

    private static final int NONE = -1;

    private int[] slots = new int[1 << 12];
    private long[] pairs = new long[1 << 11];
    private long[] counts = new long[1 << 11];
    private int[][] words = new int[1 << 11][];
    private int[] numWords = new int[1 << 11];
    private int size;

    PairTable() {
        Arrays.fill(slots, NONE);
    }

    int size() {
        return size;
    }

    int left(int pair) {
        return (int) (pairs[pair] >>> 32);
    }

    int right(int pair) {
        return (int) pairs[pair];
    }

    long count(int pair) {
        return counts[pair];
    }

    /// Counts a pair `weight` more times in a word; returns its place.
    int add(int left, int right, long weight, int word) {
        int pair = find(left, right);
        counts[pair] += weight;
        int n = numWords[pair];
        // A word that holds the pair twice is listed once: its pairs are added one after the other.
        if (n == 0 || words[pair][n - 1] != word) {
            if (n == words[pair].length) {
                words[pair] = Arrays.copyOf(words[pair], 2 * n);
            }
            words[pair][n] = word;
            numWords[pair]++;
        }
        return pair;
    }

    /// Counts a known pair `weight` fewer times. Its words stay listed; who reads them looks again.
    void remove(int left, int right, long weight) {
        counts[find(left, right)] -= weight;
    }

    /// Takes the words in which the pair has occurred, some perhaps no longer and some listed twice.
    int[] takeWords(int pair) {
        int[] taken = Arrays.copyOf(words[pair], numWords[pair]);
        words[pair] = new int[1];
        numWords[pair] = 0;
        return taken;
    }

    private int find(int left, int right) {
        long key = ((long) left << 32) | right;
        int slot = slotOf(key);
        if (slots[slot] != NONE) {
            return slots[slot];
        }
        if (2 * (size + 1) > slots.length) {
            grow();
            slot = slotOf(key);
        }
        pairs[size] = key;
        words[size] = new int[1];
        slots[slot] = size;
        return size++;
    }

    private int slotOf(long key) {
        int mask = slots.length - 1;
        // Fibonacci hashing: ids are small and dense, so their low bits alone would collide.
        int slot = (int) ((key * 0x9E3779B97F4A7C15L) >>> 32) & mask;
        while (slots[slot] != NONE && pairs[slots[slot]] != key) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void grow() {
        slots = new int[2 * slots.length];
        Arrays.fill(slots, NONE);
        int capacity = slots.length / 2;
        pairs = Arrays.copyOf(pairs, capacity);
        counts = Arrays.copyOf(counts, capacity);
        words = Arrays.copyOf(words, capacity);
        numWords = Arrays.copyOf(numWords, capacity);
        for (int pair = 0; pair < size; pair++) {
            slots[slotOf(pairs[pair])] = pair;
        }
    }
}
