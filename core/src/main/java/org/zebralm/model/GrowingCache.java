package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.KeyRange;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Tensor;

/// A global layer's cache: every key, in pages that are added as the sequence grows.
///
/// Pages are small up to [#LARGE_PAGE] keys, so that a short sequence wastes little, and large from there on: a
/// kernel reads a page's keys of one head in one stretch, and 256 keys at a time came from memory at 0.6 to 0.9
/// of the rate of 1024, 4096 no faster.
final class GrowingCache implements LayerCache {
    static final int SMALL_PAGE = 256;
    static final int LARGE_PAGE = 1024;

    private final Lifetime lifetime;

    /// The full pages, which do not change any more: making them anew for each token took a tenth of its attention.
    private final List<KeyRange> full = new ArrayList<>();

    /// The page being filled, from position [#start] on, or null where the next key needs one.
    private @Nullable KeyRange page;

    private long start;
    private int filled;
    private long bytes;

    GrowingCache(Lifetime lifetime) {
        this.lifetime = lifetime;
    }

    /// Returns the keys that pages have room for once they hold `length`.
    static long capacity(long length) {
        int page = length <= LARGE_PAGE ? SMALL_PAGE : LARGE_PAGE;
        return Math.ceilDiv(length, page) * page;
    }

    @Override
    public List<KeyRange> reachable(KeyRange fresh) {
        List<KeyRange> ranges = new ArrayList<>(full);
        if (page != null) {
            ranges.add(
                    new KeyRange(page.k_SKH().narrow(0, 0, filled), page.v_SKH().narrow(0, 0, filled), start));
        }
        ranges.add(fresh);
        return ranges;
    }

    @Override
    public void append(KeyRange fresh) {
        int taken = 0;
        while (taken < fresh.length()) {
            KeyRange into = page == null ? addPage(fresh) : page;
            int n = Math.min(into.length() - filled, fresh.length() - taken);
            into.k_SKH().narrow(0, filled, n).copyInPlace(fresh.k_SKH().narrow(0, taken, n));
            into.v_SKH().narrow(0, filled, n).copyInPlace(fresh.v_SKH().narrow(0, taken, n));
            taken += n;
            filled += n;
            if (filled == into.length()) {
                full.add(into);
                start += filled;
                filled = 0;
                page = null;
            }
        }
    }

    @Override
    public long bytes() {
        return bytes;
    }

    private KeyRange addPage(KeyRange like) {
        page = new KeyRange(empty(like.k_SKH()), empty(like.v_SKH()), start);
        return page;
    }

    private Tensor empty(Tensor like_SKH) {
        Tensor rows_SKH = LayerCache.headMajor(
                lifetime, like_SKH.dtype(), capacity(start + 1) - start, like_SKH.size(1), like_SKH.size(2));
        bytes += rows_SKH.numElements() * rows_SKH.dtype().bytes();
        return rows_SKH;
    }
}
