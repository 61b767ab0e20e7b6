package org.zebralm.data;

import java.util.Random;

/// Random numbers for one use out of many, from one seed.
///
/// `java.util.Random`'s algorithm is part of its contract, so they are the same in every JDK.
final class Seeds {

    private Seeds() {}

    /// Numbers for one use; uses that differ in any number have unrelated ones.
    static Random random(long seed, long... use) {
        long state = mixed(seed);
        for (long number : use) {
            state = mixed(state ^ mixed(number + 0x9E3779B97F4A7C15L));
        }
        return new Random(state);
    }

    /// The numbers below `n` in random order.
    static int[] shuffled(int n, Random random) {
        int[] order = new int[n];
        for (int i = 1; i < n; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /// The finalizer of MurmurHash3 (Appleby), 64 bits.
    private static long mixed(long bits) {
        long x = bits;
        x = (x ^ (x >>> 33)) * 0xFF51AFD7ED558CCDL;
        x = (x ^ (x >>> 33)) * 0xC4CEB9FE1A85EC53L;
        return x ^ (x >>> 33);
    }
}
