package org.zebralm.bench;

import java.util.List;
import org.zebralm.tensor.DType;

/// Which attention is timed, and how long for.
///
/// @param lengths tokens of the sequence; timed in ascending order
/// @param window of local attention, the query itself included
/// @param repeats timed repetitions of a row, of which the median counts
/// @param warmUpSeconds least time of unmeasured calls before a row's repetitions
/// @param limitSeconds a row one call of which would take longer is skipped; longer rows than this have fewer
/// repetitions
public record BenchSettings(
        List<Integer> lengths,
        int window,
        HeadShape heads,
        List<DType> dtypes,
        List<Pass> passes,
        List<Implementation> implementations,
        int repeats,
        double warmUpSeconds,
        double limitSeconds) {
    public BenchSettings {
        notEmpty("lengths", lengths);
        notEmpty("dtypes", dtypes);
        notEmpty("passes", passes);
        notEmpty("implementations", implementations);
        lengths = lengths.stream().sorted().distinct().toList();
        dtypes = dtypes.stream().distinct().toList();
        passes = passes.stream().distinct().toList();
        implementations = implementations.stream().distinct().toList();
        if (repeats < 1) {
            throw new IllegalArgumentException("repeats must be at least 1: got " + repeats);
        }
        if (!(warmUpSeconds >= 0 && warmUpSeconds < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("the warm-up must be 0 seconds or more: got " + warmUpSeconds);
        }
        if (!(limitSeconds > 0)) {
            throw new IllegalArgumentException("the limit must be above 0 seconds: got " + limitSeconds);
        }
        // A case refuses what it cannot be: before the first row rather than after an hour.
        new AttentionCase(
                Pass.FORWARD, new org.zebralm.kernel.Span.Local(window), lengths.getFirst(), heads, dtypes.getFirst());
    }

    private static void notEmpty(String name, List<?> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException(name + " must name at least one: got none");
        }
    }

    /// Returns how many rows there will be, the skipped ones included.
    public int numRows() {
        return 2 * lengths.size() * dtypes.size() * passes.size() * implementations.size();
    }
}
