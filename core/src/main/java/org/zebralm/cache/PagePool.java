package org.zebralm.cache;

import java.util.function.BooleanSupplier;
import org.zebralm.model.PageLayout;

/// Where pages come from: one budget in bytes for those of all sequences and of the prefixes kept.
///
/// Owned by one thread, as are the caches and the tree that draw on it.
public final class PagePool {
    private final PageLayout layout;
    private final long budget;
    private long used;
    private long mostUsed;
    private long pinned;
    private BooleanSupplier evictOne = () -> false;

    /// @param budget the bytes that all pages together may take
    public PagePool(PageLayout layout, long budget) {
        if (budget < 1) {
            throw new IllegalArgumentException("a cache needs a budget of at least 1 byte: got " + budget);
        }
        this.layout = layout;
        this.budget = budget;
    }

    public PageLayout layout() {
        return layout;
    }

    public long budget() {
        return budget;
    }

    /// Returns the bytes of native memory that pages hold.
    public long used() {
        return used;
    }

    /// Returns the most that [#used] has been.
    public long mostUsed() {
        return mostUsed;
    }

    /// Returns the bytes of pages that running sequences hold; all others can be given up.
    public long pinned() {
        return pinned;
    }

    /// Says how to make room: a call gives something back, or returns false where nothing is left to give.
    void onShortage(BooleanSupplier evictOne) {
        this.evictOne = evictOne;
    }

    Page global(int start) {
        int size = layout.globalPage(start);
        return page(layout.globalLayers().size(), start, size, layout.globalBytes(size));
    }

    Page local(int index) {
        int size = layout.localPage();
        return page(layout.localLayers().size(), index * size, size, layout.localBytes());
    }

    private Page page(int numLayers, int start, int size, long bytes) {
        while (used + bytes > budget) {
            if (!evictOne.getAsBoolean()) {
                throw new CacheFullException("the cache is full: a page of " + bytes + " bytes does not fit beside "
                        + used + " bytes in use within a budget of " + budget);
            }
        }
        var page = new Page(this, numLayers, start, size, bytes);
        used += bytes;
        mostUsed = Math.max(mostUsed, used);
        return page;
    }

    void pinned(Page page) {
        pinned += page.bytes();
    }

    void unpinned(Page page) {
        pinned -= page.bytes();
    }

    void freed(Page page) {
        used -= page.bytes();
    }
}
