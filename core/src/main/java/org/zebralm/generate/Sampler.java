package org.zebralm.generate;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// Draws the next token from logits: temperature, then top-k, then top-p, in transformers' order.
///
/// A function of the seed and of the logits seen so far, in plain Java, so that draws repeat on any machine
/// whose logits do. Of equal logits the lower id comes first, also at the edge of top-k, where transformers
/// keeps all that are equal. Not for use by several threads.
public final class Sampler {
    private final SamplingConfig config;
    private final RandomGenerator random;

    public Sampler(SamplingConfig config) {
        this.config = config;
        this.random = RandomGeneratorFactory.of("L64X128MixRandom").create(config.seed());
    }

    /// Returns the id of the next token, `logits` having one entry per id; minus infinity excludes an id.
    ///
    /// @throws IllegalArgumentException if a logit is NaN or plus infinity, or all are minus infinity
    public int next(float... logits) {
        int likeliest = likeliest(logits);
        if (config.temperature() == 0) {
            return likeliest;
        }
        int[] ids = candidates(logits);
        double[] weights = new double[ids.length];
        double total = 0;
        for (int i = 0; i < ids.length; i++) {
            // Before the division, so that a temperature near 0 cannot overflow.
            weights[i] = Math.exp(((double) logits[ids[i]] - logits[likeliest]) / config.temperature());
            total += weights[i];
        }
        int kept = ids.length;
        if (config.topP() < 1) {
            kept = nucleus(weights, config.topP() * total);
            total = Arrays.stream(weights, 0, kept).sum();
        }
        return ids[draw(weights, kept, random.nextDouble() * total)];
    }

    private static int likeliest(float... logits) {
        int likeliest = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < logits.length; id++) {
            if (Float.isNaN(logits[id]) || logits[id] == Float.POSITIVE_INFINITY) {
                throw new IllegalArgumentException("logits must be below infinity: got " + logits[id] + " for id " + id
                        + "; the weights or the numbers they were computed in have overflowed");
            }
            if (logits[id] > max) {
                max = logits[id];
                likeliest = id;
            }
        }
        if (likeliest < 0) {
            throw new IllegalArgumentException(
                    "at least one token must be possible: got " + logits.length + " logits, none above minus infinity");
        }
        return likeliest;
    }

    /// Returns the ids to draw from: all in their own order, or the likeliest first where a limit needs that.
    private int[] candidates(float... logits) {
        int topK = config.topK() == 0 ? logits.length : Math.min(config.topK(), logits.length);
        long[] keys;
        if (topK < logits.length) {
            keys = smallest(topK, logits);
        } else {
            int[] ids = new int[logits.length];
            Arrays.setAll(ids, id -> id);
            if (config.topP() == 1) {
                return ids;
            }
            keys = new long[logits.length];
            Arrays.setAll(keys, id -> key(logits[id], id));
            Arrays.sort(keys);
        }
        return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
    }

    /// Returns the `count` smallest keys in order. Nearly all ids of a large vocabulary fail the first comparison.
    private static long[] smallest(int count, float... logits) {
        long[] keys = new long[count];
        int size = 0;
        for (int id = 0; id < logits.length; id++) {
            long key = key(logits[id], id);
            if (size == count && key > keys[size - 1]) {
                continue;
            }
            int at = -Arrays.binarySearch(keys, 0, size, key) - 1;
            size = Math.min(size + 1, count);
            System.arraycopy(keys, at, keys, at + 1, size - 1 - at);
            keys[at] = key;
        }
        return keys;
    }

    /// Packs a logit and its id so that ascending keys are descending logits, and ascending ids where those are
    /// equal.
    private static long key(float logit, int id) {
        int bits = Float.floatToIntBits(logit + 0.0f); // minus zero equals zero
        int ascending =
                bits >= 0 ? bits : bits ^ Integer.MAX_VALUE; // the sign-magnitude bits in two's complement order
        return (long) ~ascending << Integer.SIZE | id;
    }

    /// Returns how many of the descending weights it takes to reach `mass`, at least one.
    private static int nucleus(double[] weights, double mass) {
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            sum += weights[i];
            if (sum >= mass) {
                return i + 1;
            }
        }
        return weights.length;
    }

    private static int draw(double[] weights, int count, double point) {
        double sum = 0;
        int last = 0;
        for (int i = 0; i < count; i++) {
            sum += weights[i];
            if (point < sum) {
                return i;
            }
            if (weights[i] > 0) {
                last = i;
            }
        }
        return last; // rounding left the point at the very end
    }
}
