package org.zebralm.kernel;

import java.util.Arrays;
import org.zebralm.tensor.Tensor;

/// A stretch of neighbouring keys and values in memory: a page, a half of a ring, or the chunk being computed.
///
/// `k_SKH` and `v_SKH` are `[keys, numKvHeads, headDim]`, views of whatever holds them; the first key stands at
/// `position` of its sequence.
public record KeyRange(Tensor k_SKH, Tensor v_SKH, long position) {
    public KeyRange {
        if (k_SKH.rank() != 3 || !Arrays.equals(k_SKH.shape(), v_SKH.shape()) || k_SKH.dtype() != v_SKH.dtype()) {
            throw new IllegalArgumentException(
                    "keys and values must be [keys, numKvHeads, headDim] of one dtype: got " + k_SKH + " and " + v_SKH);
        }
        if (position < 0) {
            throw new IllegalArgumentException("position must not be negative: got " + position);
        }
    }

    /// Returns the number of keys.
    public int length() {
        return (int) k_SKH.size(0);
    }

    /// Returns the position after the last key.
    public long end() {
        return position + length();
    }

    /// Returns the part whose positions lie in `[from, to)`.
    KeyRange slice(long from, long to) {
        return from <= position && to >= end()
                ? this
                : new KeyRange(
                        k_SKH.narrow(0, from - position, to - from), v_SKH.narrow(0, from - position, to - from), from);
    }
}
