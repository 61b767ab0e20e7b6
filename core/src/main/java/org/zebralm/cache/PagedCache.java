package org.zebralm.cache;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.zebralm.kernel.CachedKeys;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.KeyRows;
import org.zebralm.model.PageLayout;
import org.zebralm.model.SequenceCache;
import org.zebralm.tensor.DType;

/// One sequence's keys and values in pages: all of them for global layers, those of the window for local ones.
///
/// Keys are written to their pages before they are attended to, so that what a query sees, and the order in which it is
/// summed, depends on its position alone and not on how the tokens before it were cut into steps; int8 keys are
/// attended to as they will be read later.
///
/// A sequence may begin with the pages of another: [PrefixTree#begin]. Then its global keys may reach further than
/// its tokens ([#globalLength]): tokens up to there are computed for the sake of the local layers' windows alone.
///
/// Owned by one thread. [#prepare] comes before each step.
public final class PagedCache implements SequenceCache, AutoCloseable {
    private final PagePool pool;
    private final PageLayout layout;

    /// For each layer, its place within the pages of its kind: globals from 0 on, locals from -1 downwards.
    private final int[] places;

    private final List<Page> globals = new ArrayList<>();
    private final Deque<Page> locals = new ArrayDeque<>();
    private int length;
    private int globalLength;

    /// From which position on local keys are those of the sequence, and not of a beginning without windows.
    private int exactFrom;

    private boolean isClosed;

    /// Makes an empty cache.
    public PagedCache(PagePool pool) {
        this.pool = pool;
        this.layout = pool.layout();
        places = new int[layout.globalLayers().size() + layout.localLayers().size()];
        for (int i = 0; i < layout.globalLayers().size(); i++) {
            places[layout.globalLayers().get(i)] = i;
        }
        for (int i = 0; i < layout.localLayers().size(); i++) {
            places[layout.localLayers().get(i)] = -1 - i;
        }
    }

    @Override
    public int length() {
        return length;
    }

    /// Returns up to which position global keys are held, at least [#length].
    public int globalLength() {
        return globalLength;
    }

    @Override
    public void requireModel(DType dtype) {
        if (layout.dtype() != dtype && layout.dtype() != DType.INT8) {
            throw new IllegalArgumentException("a cache must have the model's dtype or int8: got "
                    + layout.dtype().label() + " and " + dtype.label());
        }
    }

    /// Gives back the local pages that no later query sees, and takes what the next `tokens` need.
    ///
    /// @throws CacheFullException if the budget has no room; the cache holds what it held
    public void prepare(int tokens) {
        if (length < globalLength && length + tokens > globalLength) {
            throw new IllegalArgumentException("a step may not begin among recomputed tokens and end behind them: got "
                    + tokens + " tokens from " + length + " on, with global keys up to " + globalLength);
        }
        trim();
        int end = length + tokens;
        if (!layout.globalLayers().isEmpty()) {
            for (int next = globalsEnd(); next < end; next = globalsEnd()) {
                addGlobal(pool.global(next));
            }
        }
        if (!layout.localLayers().isEmpty()) {
            for (int next = nextLocal(); next * layout.localPage() < end; next++) {
                addLocal(pool.local(next));
            }
        }
    }

    private void trim() {
        int first = layout.firstLocal(length);
        while (!locals.isEmpty() && locals.getFirst().start() < first * layout.localPage()) {
            locals.removeFirst().unpin();
        }
    }

    private int globalsEnd() {
        return globals.isEmpty() ? 0 : globals.getLast().end();
    }

    private int nextLocal() {
        return locals.isEmpty() ? length / layout.localPage() : locals.getLast().end() / layout.localPage();
    }

    void addGlobal(Page page) {
        page.pin();
        globals.add(page);
    }

    void addLocal(Page page) {
        page.pin();
        locals.addLast(page);
    }

    /// Begins at `length` tokens with the pages added so far, which hold global keys up to `globalLength`; local keys
    /// before `exactFrom` are not the sequence's.
    void begin(int length, int globalLength, int exactFrom) {
        this.length = length;
        this.globalLength = globalLength;
        this.exactFrom = exactFrom;
    }

    int exactFrom() {
        return exactFrom;
    }

    @Override
    public List<KeyRange> keys(int layer, KeyRange fresh) {
        int place = places[layer];
        int end = (int) fresh.end();
        List<KeyRange> ranges = new ArrayList<>();
        if (place >= 0) {
            if (end > globalLength) {
                write(globals, place, fresh);
            }
            for (Page page : globals) {
                if (page.start() < end) {
                    ranges.add(page.upTo(place, end));
                }
            }
        } else {
            write(locals, -1 - place, fresh);
            for (Page page : locals) {
                if (page.start() < end) {
                    ranges.add(page.upTo(-1 - place, end));
                }
            }
        }
        return ranges;
    }

    @Override
    public Optional<CachedKeys> next(int layer) {
        int place = places[layer];
        int end = length + 1;
        boolean isGlobal = place >= 0;
        List<KeyRows> ranges = new ArrayList<>();
        for (Page page : isGlobal ? globals : locals) {
            if (page.start() < end) {
                ranges.add(
                        page.addresses(isGlobal ? place : -1 - place).first(Math.min(page.size(), end - page.start())));
            }
        }
        return Optional.of(new CachedKeys(ranges, isGlobal && end <= globalLength));
    }

    private void write(Iterable<Page> pages, int place, KeyRange fresh) {
        KeyRange stored = layout.dtype() == DType.INT8
                ? KeyRange.quantize(fresh.k_SKH(), fresh.v_SKH(), fresh.position())
                : fresh;
        for (Page page : pages) {
            if (page.end() > stored.position() && page.start() < stored.end()) {
                page.write(place, stored);
            }
        }
    }

    @Override
    public void attended(int layer, KeyRange fresh) {
        // Keys were written before; pages out of the window go when the next step is prepared.
    }

    @Override
    public void advance(int tokens) {
        length += tokens;
        globalLength = Math.max(globalLength, length);
    }

    /// Forgets the tokens of the last step from `length` on, if it counted any.
    public void retract(int length) {
        if (this.length > length) {
            this.length = length;
            globalLength = length;
        }
    }

    /// Returns the bytes of the pages held, also of those that other sequences or the tree hold as well.
    public long bytes() {
        return globals.stream().mapToLong(Page::bytes).sum()
                + locals.stream().mapToLong(Page::bytes).sum();
    }

    /// Returns the bytes of pages still to come when the sequence grows to `total` tokens by steps of at most `chunk`.
    public long futureBytes(int total, int chunk) {
        long future = layout.globalBytesUpTo(total) - layout.globalBytesUpTo(globalsEnd());
        long more = (long) layout.mostLocalPages(total, chunk) - locals.size();
        return Math.max(0, future) + Math.max(0, more) * layout.localBytes();
    }

    List<Page> globals() {
        return globals;
    }

    Page global(int index) {
        return globals.get(index);
    }

    /// Holds a full page of another sequence with the same tokens in place of its own.
    void adopt(int index, Page same) {
        Page own = globals.get(index);
        if (own != same) {
            same.pin();
            globals.set(index, same);
            own.unpin();
        }
    }

    Iterable<Page> locals() {
        return locals;
    }

    void forEachPage(Consumer<Page> action) {
        globals.forEach(action);
        locals.forEach(action);
    }

    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            forEachPage(Page::unpin);
            globals.clear();
            locals.clear();
        }
    }
}
