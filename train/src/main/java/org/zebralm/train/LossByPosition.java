package org.zebralm.train;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.data.Batch;
import org.zebralm.kernel.CumulativeLengths;

/// Sums up losses by position within a document: 0-255, 256-511, 512-1023, then doubling.
final class LossByPosition {
    /// The first range; shorter ones would be noise beside the sentence that a token stands in.
    private static final int FIRST = 256;

    private static final int MAX_RANGES = Integer.SIZE - Integer.numberOfTrailingZeros(FIRST);

    private final double[] sums = new double[MAX_RANGES];
    private final long[] counts = new long[MAX_RANGES];
    private double sum;
    private long count;

    /// Adds the losses of a batch, one for each target; ignored targets count for nothing.
    void add(float[] losses, int[] targets, CumulativeLengths lengths) {
        int[] positions = lengths.positions();
        double batchSum = 0;
        for (int i = 0; i < losses.length; i++) {
            if (targets[i] != Batch.IGNORED) {
                int range = range(positions[i]);
                sums[range] += losses[i];
                counts[range]++;
                batchSum += losses[i];
                count++;
            }
        }
        sum += batchSum;
    }

    Validation mean() {
        List<Validation.Range> ranges = new ArrayList<>();
        for (int i = 0; i < MAX_RANGES; i++) {
            if (counts[i] > 0) {
                int from = i == 0 ? 0 : FIRST << (i - 1);
                int to = (int) Math.min(Integer.MAX_VALUE, (long) FIRST << i);
                ranges.add(new Validation.Range(from, to, sums[i] / counts[i], counts[i]));
            }
        }
        return new Validation(sum / count, ranges);
    }

    private static int range(int position) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(position / FIRST);
    }
}
