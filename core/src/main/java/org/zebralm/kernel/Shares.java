package org.zebralm.kernel;

import java.util.Arrays;

/// How what is read from memory is cut among threads: large shares first, small ones to end with.
///
/// A share that begins costs some microseconds, until the processor reads ahead of its streams; so there are few. A
/// thread that begins late, or that the system interrupts, leaves the small ones to the others.
final class Shares {
    /// What each round of shares, one for each thread, takes of the whole.
    private static final double[] ROUNDS = {0.7, 0.2, 0.1};

    /// A share is at least so large.
    private static final long LEAST_BYTES = 64 << 10;

    private Shares() {}

    /// Returns where shares of `parts` equal parts begin, and behind them where the last ends.
    static int[] cuts(int parts, long bytes, int threads) {
        int[] cuts = new int[ROUNDS.length * threads + 1];
        int count = 0;
        double done = 0;
        for (double round : ROUNDS) {
            double each = round / threads;
            for (int i = 1; i <= threads; i++) {
                int cut = (int) Math.round(parts * (done + each * i));
                int from = cuts[count];
                if (cut > from && (cut - from) * (double) bytes / parts >= LEAST_BYTES) {
                    cuts[++count] = cut;
                }
            }
            done += round;
        }
        if (count == 0) {
            count = 1;
        }
        cuts[count] = parts; // what is left is too little for a share of its own
        return Arrays.copyOf(cuts, count + 1);
    }
}
