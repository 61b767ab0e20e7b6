package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// A global layer's cache: every key, in pages of equal size that are added as the sequence grows.
final class GrowingCache implements LayerCache {
    static final int PAGE = 256;

    private final Lifetime lifetime;
    private final List<Tensor> keys = new ArrayList<>();
    private final List<Tensor> values = new ArrayList<>();

    /// The full pages, which do not change any more: making them anew for each token took a tenth of its attention.
    private final List<KeyRange> full = new ArrayList<>();

    private long length;
    private long bytes;

    GrowingCache(Lifetime lifetime) {
        this.lifetime = lifetime;
    }

    @Override
    public List<KeyRange> reachable(KeyRange fresh) {
        List<KeyRange> ranges = new ArrayList<>(full);
        long start = (long) full.size() * PAGE;
        if (start < length) {
            ranges.add(new KeyRange(
                    keys.getLast().narrow(0, 0, length - start),
                    values.getLast().narrow(0, 0, length - start),
                    start));
        }
        ranges.add(fresh);
        return ranges;
    }

    @Override
    public void append(KeyRange fresh) {
        int taken = 0;
        while (taken < fresh.length()) {
            int offset = (int) (length % PAGE);
            if (offset == 0) {
                addPage(fresh);
            }
            int n = Math.min(PAGE - offset, fresh.length() - taken);
            keys.getLast().narrow(0, offset, n).copyInPlace(fresh.k_SKH().narrow(0, taken, n));
            values.getLast().narrow(0, offset, n).copyInPlace(fresh.v_SKH().narrow(0, taken, n));
            taken += n;
            length += n;
            if (length % PAGE == 0) {
                full.add(new KeyRange(keys.getLast(), values.getLast(), length - PAGE));
            }
        }
    }

    @Override
    public long bytes() {
        return bytes;
    }

    private void addPage(KeyRange like) {
        for (List<Tensor> pages : List.of(keys, values)) {
            Tensor page = LayerCache.headMajor(
                    lifetime,
                    like.k_SKH().dtype(),
                    PAGE,
                    like.k_SKH().size(1),
                    like.k_SKH().size(2));
            pages.add(page);
            bytes += page.numElements() * page.dtype().bytes();
        }
    }
}
