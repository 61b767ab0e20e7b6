package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.Tensor;

/// A local layer's cache: the last `window - 1` keys, all that a later query can see besides its own.
///
/// Position `p` lies in slot `p % capacity`, so what is held is at most two stretches of memory, and its size
/// does not depend on the sequence's length.
final class RingCache implements LayerCache {
    private final Tensor keys;
    private final Tensor values;
    private final int capacity;
    private long length;

    /// `keys` and `values` are `[window - 1, numKvHeads, headDim]`, owned by the cache around.
    RingCache(Tensor keys, Tensor values) {
        this.keys = keys;
        this.values = values;
        this.capacity = (int) keys.size(0);
    }

    @Override
    public List<KeyRange> reachable(KeyRange fresh) {
        List<KeyRange> ranges = new ArrayList<>(3);
        long from = Math.max(0, length - capacity);
        while (from < length) {
            int slot = (int) (from % capacity);
            long n = Math.min(length - from, capacity - slot);
            ranges.add(new KeyRange(keys.narrow(0, slot, n), values.narrow(0, slot, n), from));
            from += n;
        }
        ranges.add(fresh);
        return ranges;
    }

    @Override
    public void append(KeyRange fresh) {
        long end = length + fresh.length();
        long from = Math.max(length, end - capacity);
        while (from < end) {
            int slot = (int) (from % capacity);
            long n = Math.min(end - from, capacity - slot);
            long source = from - length;
            keys.narrow(0, slot, n).copyInPlace(fresh.k_SKH().narrow(0, source, n));
            values.narrow(0, slot, n).copyInPlace(fresh.v_SKH().narrow(0, source, n));
            from += n;
        }
        length = end;
    }

    @Override
    public long bytes() {
        return 2 * keys.numElements() * keys.dtype().bytes();
    }
}
