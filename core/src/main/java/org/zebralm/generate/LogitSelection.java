package org.zebralm.generate;

import java.util.Arrays;

/// Finds how far down the likeliest of some logits reach, in time linear in their number and without sorting.
///
/// A radix search: the 32 bits of a number, made to descend, are looked at 12, 10 and 10 at a time. Each pass adds
/// up what lies in each bucket (numbers, or probability) and goes into the bucket in which the sum is reached.
/// Not for use by several threads.
final class LogitSelection {
    private static final int[] SHIFTS = {20, 10, 0};
    private static final int BUCKETS = 1 << 12;

    /// The last logit that is kept: those above it are, and of its equals those up to its place.
    record Edge(float logit, int at) {
        /// Nothing is left out.
        static final Edge NONE = new Edge(Float.NEGATIVE_INFINITY, Integer.MAX_VALUE);

        boolean keeps(float other, int place) {
            return other > logit || (other == logit && place <= at);
        }
    }

    private final double[] amounts = new double[BUCKETS];

    /// The amount above what the last search ended at.
    private double above;

    /// What the last search was to reach.
    private double target;

    /// Returns the `count`-th largest of `logits[from..to)`.
    float nthLargest(float[] logits, int from, int to, int count) {
        return search(logits, from, to, count, 0, 0);
    }

    /// Returns the end of the fewest largest whose softmax adds up to `share`; lower places come first of equals.
    ///
    /// @param max the largest of all
    Edge nucleus(float[] logits, int from, int to, double max, double temperature, double share) {
        float logit = search(logits, from, to, share, max, temperature);
        double each = Math.exp((logit - max) / temperature);
        double numKept = Math.ceil((target - above) / each);
        int at = from;
        for (int i = from; i < to; i++) {
            if (logits[i] == logit) {
                at = i;
                if (--numKept <= 0) {
                    break;
                }
            }
        }
        return new Edge(logit, at);
    }

    /// Returns the logit at which the sum over those above and its equals reaches what is wanted.
    ///
    /// @param wanted how many, or at a temperature above 0 which share of all probability
    private float search(float[] logits, int from, int to, double wanted, double max, double temperature) {
        boolean counts = temperature == 0;
        above = 0;
        target = wanted;
        int prefix = 0;
        int prefixShift = Integer.SIZE;
        for (int shift : SHIFTS) {
            int bits = prefixShift - shift;
            int mask = (1 << bits) - 1;
            boolean first = prefixShift == Integer.SIZE;
            Arrays.fill(amounts, 0, mask + 1, 0);
            for (int i = from; i < to; i++) {
                int key = descending(logits[i]);
                if (first || key >>> prefixShift == prefix) {
                    amounts[key >>> shift & mask] += counts ? 1 : Math.exp((logits[i] - max) / temperature);
                }
            }
            if (first && !counts) {
                double total = 0;
                for (double amount : amounts) {
                    total += amount;
                }
                target = wanted * total;
            }
            prefix = prefix << bits | reach(mask + 1);
            prefixShift = shift;
        }
        return logit(prefix);
    }

    /// Returns the bucket in which the target is reached, or the last that has anything where rounding left it out
    /// of reach.
    private int reach(int numBuckets) {
        int last = -1;
        double aboveLast = above;
        for (int bucket = 0; bucket < numBuckets; bucket++) {
            if (amounts[bucket] > 0) {
                aboveLast = above;
                last = bucket;
                above += amounts[bucket];
                if (above >= target) {
                    break;
                }
            }
        }
        above = aboveLast;
        assert last >= 0 : "no logit is left";
        return last;
    }

    /// Returns 32 bits that, read as a number without sign, are the smaller the larger the logit is.
    static int descending(float logit) {
        int bits = Float.floatToRawIntBits(logit + 0.0f); // minus zero equals zero
        return bits >= 0 ? bits ^ Integer.MAX_VALUE : bits;
    }

    private static float logit(int descending) {
        return Float.intBitsToFloat(descending >= 0 ? descending ^ Integer.MAX_VALUE : descending);
    }
}
