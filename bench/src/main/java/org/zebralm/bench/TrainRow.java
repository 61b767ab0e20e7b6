package org.zebralm.bench;

import java.util.List;
import org.zebralm.train.Recompute;
import org.zebralm.train.StepTimes;

/// What came of a [TrainCase].
///
/// @param recompute what was computed again, decided
/// @param times of each step measured
/// @param gemmFlops the machine's matrix products of this type a second: the mean of the best before the steps and the
/// best after them, in the same process
/// @param peakBytes the most memory the process held
public record TrainRow(
        TrainCase training, Recompute recompute, List<StepTimes> times, double gemmFlops, long peakBytes) {
    public TrainRow {
        times = List.copyOf(times);
    }

    /// Returns the seconds of a step, the median.
    public double seconds() {
        return Median.of(times.stream().mapToDouble(StepTimes::total).toArray());
    }

    public double tokensPerSecond() {
        return training.length() / seconds();
    }

    /// Returns the share of the machine's matrix products, no credit for recomputation.
    public double mfu() {
        return training.flops() / seconds() / gemmFlops;
    }
}
