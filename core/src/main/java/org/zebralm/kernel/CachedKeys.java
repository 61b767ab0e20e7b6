package org.zebralm.kernel;

import java.util.List;

/// What the next token of a cached sequence sees in one layer, and where its own key goes.
///
/// @param ranges keys and values in the order of their positions, the next token's own the last of them
/// @param isHeld whether the next token's keys and values are there already
public record CachedKeys(List<KeyRows> ranges, boolean isHeld) {
    public CachedKeys {
        ranges = List.copyOf(ranges);
        if (ranges.isEmpty()) {
            throw new IllegalArgumentException("a token sees at least itself: got no keys");
        }
    }

    /// Writes a row's keys and values to their place.
    void write(RowView k, RowView v, int row, float[] w) {
        if (!isHeld) {
            KeyRows last = ranges.getLast();
            last.write(last.length() - 1, k, v, row, w);
        }
    }

    /// Returns the run of the query in `row`.
    KeyRun run(int row) {
        return KeyRun.decoding(row, ranges);
    }
}
