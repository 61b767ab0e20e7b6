package org.zebralm.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.PageLayout;

/// The beginnings of sequences seen, with their pages: what begins alike is computed once.
///
/// A radix tree whose edges are the stretches of global pages. What is found for a prompt, to the token: the longest
/// beginning whose global keys are all there; then the longest beginning of that after which the local windows are
/// there.
/// From the one to the other tokens are computed again for the windows alone, or, where that is less, the windows
/// are rebuilt from nothing: a local layer's output depends on `window - 1` tokens before, so `layers * (window - 1)`
/// tokens earlier nothing can matter any more, while global layers read their cached keys. (The keys of the last local
/// layer are right one window sooner, and those of the page in which the window begins are wanted whole.)
///
/// Local pages are kept where going on is likely: at the ends of prompts and answers, where sequences were seen to
/// part, and every [#interval] tokens. When the budget is short, what has waited longest for its bytes and
/// for the tokens it would save goes first ([Eviction]).
///
/// Owned by one thread.
public final class PrefixTree {
    private final PagePool pool;
    private final PageLayout layout;
    private final int interval;
    private final int grid;
    private final PrefixNode root;
    private final Set<PrefixNode> nodes = new LinkedHashSet<>();
    private final Eviction eviction;
    private long tick;

    /// @param interval how far apart local windows are kept within long sequences, 0 for not at all
    /// @param grid reuse ends, and computing begins, at multiples of this; 1 allows any token
    public PrefixTree(PagePool pool, int interval, int grid) {
        if (interval < 0) {
            throw new IllegalArgumentException(
                    "interval must not be negative (0 keeps no windows within): got " + interval);
        }
        this.pool = pool;
        this.layout = pool.layout();
        if (grid < 1) {
            throw new IllegalArgumentException("grid must be at least 1: got " + grid);
        }
        this.interval = interval;
        this.grid = grid;
        root = new PrefixNode(null, layout, 0);
        eviction = new Eviction(layout, nodes, interval);
        pool.onShortage(this::evictOne);
    }

    /// Looks up the longest usable beginning of `tokens`, of which the last is always left to compute.
    public PrefixMatch match(int... tokens) {
        List<PrefixNode> path = new ArrayList<>();
        PrefixNode node = root;
        int wanted = tokens.length - 1;
        int found = 0;
        PrefixUse.Limit limit = PrefixUse.Limit.NONE;
        while (found < wanted) {
            int[] rest = Arrays.copyOfRange(tokens, found, Math.min(wanted, found + layout.globalPage(found)));
            PrefixNode next = node.nearest(rest);
            int common = next == null ? 0 : PrefixNode.common(next.tokens(), rest);
            if (next != null) {
                path.add(next);
                found += common;
            }
            if (next == null || common < next.span()) {
                if (found < wanted) {
                    limit = limit(next, common, node, tokens, found);
                }
                break;
            }
            node = next;
        }
        int reused = found / grid * grid;
        if (reused < found) {
            limit = PrefixUse.Limit.GRID;
        }
        return reused == 0 ? new PrefixMatch(List.of(), 0, 0, 0, limit) : windows(path, reused, limit);
    }

    private PrefixUse.Limit limit(@Nullable PrefixNode next, int common, PrefixNode node, int[] tokens, int found) {
        if (eviction.hasForgotten(tokens, found)) {
            return PrefixUse.Limit.EVICTED;
        }
        if (next != null) {
            return common < next.tokens().length ? PrefixUse.Limit.DIVERGES : PrefixUse.Limit.ENDS;
        }
        if (found == 0) {
            return PrefixUse.Limit.EMPTY;
        }
        return node.isLeaf() ? PrefixUse.Limit.ENDS : PrefixUse.Limit.DIVERGES;
    }

    /// Finds where computing has to begin so that at `reused` all local windows are right.
    private PrefixMatch windows(List<PrefixNode> path, int reused, PrefixUse.Limit limit) {
        int reach = layout.window() - 1;
        if (layout.localLayers().isEmpty() || reach == 0) {
            return new PrefixMatch(path, reused, -1, reused, limit);
        }
        int page = layout.localPage();
        int windowsAt = 0;
        int whole = 0; // neighbouring whole pages before the current one
        for (PrefixNode node : path) {
            for (int slot = 0; slot < node.numLocals() && node.start() + slot * page < reused; slot++) {
                int start = node.start() + slot * page;
                int count = Math.min(node.localCount(slot), reused - start);
                int at = (start + count) / grid * grid;
                if (at >= start && whole * page >= start - Math.max(0, at - reach) / page * page) {
                    windowsAt = at;
                }
                whole = count == page ? whole + 1 : 0;
            }
        }
        int exactFrom = layout.firstLocal(reused) * page;
        int fromNothing = Math.max(0, exactFrom - (layout.localLayers().size() - 1) * reach) / grid * grid;
        return windowsAt >= fromNothing
                ? new PrefixMatch(path, reused, windowsAt, windowsAt, limit)
                : new PrefixMatch(path, reused, -1, fromNothing, limit);
    }

    /// Returns a cache that begins with what `match` found; the match must be of this moment.
    ///
    /// @throws CacheFullException if there is no room for the pages that have to be copied
    public PagedCache begin(PrefixMatch match) {
        tick++;
        var cache = new PagedCache(pool);
        List<Page> held = new ArrayList<>(); // making room for copies must not take what is copied
        boolean begun = false;
        try {
            PrefixNode partial = null;
            for (PrefixNode node : match.path()) {
                node.used(tick);
                Page page = node.global();
                if (page != null && node.start() < match.reused()) {
                    if (page.end() <= match.reused()) {
                        cache.addGlobal(page);
                    } else {
                        hold(page, held);
                        partial = node;
                    }
                }
            }
            List<Page> windows = windowPages(match);
            windows.forEach(page -> hold(page, held));
            if (partial != null && partial.global() != null) {
                Page copy = pool.global(partial.start());
                cache.addGlobal(copy);
                copy.copyFrom(partial.global(), match.reused() - partial.start());
            }
            addWindows(cache, match, windows);
            boolean isExact = match.windowsAt() >= 0 || match.start() == 0;
            cache.begin(
                    match.start(),
                    match.reused(),
                    isExact ? 0 : layout.firstLocal(match.reused()) * layout.localPage());
            begun = true;
            return cache;
        } finally {
            held.forEach(Page::unpin);
            if (!begun) {
                cache.close();
            }
        }
    }

    /// Returns the bytes of pages that a sequence of up to `total` tokens needs beside those that running sequences
    /// hold, if it begins with `match` and grows by steps of at most `chunk`.
    public long bytesNeeded(PrefixMatch match, int total, int chunk) {
        long bytes = layout.mostLocalPages(total, chunk) * layout.localBytes();
        for (int start = 0; start < total; start = layout.globalEnd(start)) {
            PrefixNode node = match.nodeAt(start);
            Page page = node == null || start >= match.reused() ? null : node.global();
            if (page == null || page.end() > match.reused() || !page.isPinned()) {
                bytes += layout.globalBytes(layout.globalPage(start));
            }
            if (page != null && page.end() > match.reused() && !page.isPinned()) {
                bytes += page.bytes(); // held while it is copied
            }
        }
        return bytes + (match.windowsAt() > 0 ? layout.localBytes() : 0);
    }

    private static void hold(Page page, List<Page> held) {
        page.pin();
        held.add(page);
    }

    private List<Page> windowPages(PrefixMatch match) {
        List<Page> pages = new ArrayList<>();
        if (match.windowsAt() > 0 && !layout.localLayers().isEmpty()) {
            int page = layout.localPage();
            for (int index = layout.firstLocal(match.windowsAt()); index * page < match.windowsAt(); index++) {
                PrefixNode node = match.nodeAt(index * page);
                Page kept = node == null ? null : node.local(index - node.start() / page);
                if (node == null || kept == null) {
                    throw new IllegalStateException("a window that was matched is not there");
                }
                node.localsUsed(tick);
                pages.add(kept);
            }
        }
        return pages;
    }

    private void addWindows(PagedCache cache, PrefixMatch match, List<Page> windows) {
        int at = match.windowsAt();
        for (Page page : windows) {
            if (page.end() <= at) {
                cache.addLocal(page);
            } else {
                Page copy = pool.local(page.start() / page.size());
                cache.addLocal(copy);
                copy.copyFrom(page, at - page.start());
            }
        }
        if (at < 0 && !layout.localLayers().isEmpty()) {
            int page = layout.localPage();
            for (int index = layout.firstLocal(match.start()); index * page < match.start(); index++) {
                Page empty = pool.local(index);
                cache.addLocal(empty);
                empty.clear();
            }
        }
    }

    /// Keeps the pages of a sequence's first `length` tokens.
    ///
    /// @param tokens the sequence's, at least `length`
    /// @param likely positions from which going on is likely: their windows are kept
    public void insert(int[] tokens, int length, PagedCache cache, int... likely) {
        tick++;
        PrefixNode node = root;
        int index = 0;
        for (int start = 0; start < length; start = layout.globalEnd(start)) {
            int end = Math.min(length, layout.globalEnd(start));
            int[] own = Arrays.copyOfRange(tokens, start, end);
            PrefixNode next = place(node, start, own, layout.globalLayers().isEmpty() ? null : cache.global(index));
            if (next.global() != null && own.length == next.span()) {
                cache.adopt(index, next.global()); // computed by two at the same time: one copy is enough
            }
            index++;
            next.used(tick);
            keepLocals(next, end, cache, likely);
            if (next.tokens().length > own.length || !next.isFull()) {
                break;
            }
            node = next;
        }
    }

    /// Returns the node under `node` that has the tokens `own`, or begins with them.
    private PrefixNode place(PrefixNode node, int start, int[] own, @Nullable Page page) {
        PrefixNode nearest = node.nearest(own);
        if (nearest != null) {
            int common = PrefixNode.common(nearest.tokens(), own);
            if (common == own.length) {
                return nearest;
            }
            if (common == nearest.tokens().length && !nearest.isFull()) {
                return replace(node, nearest, start, own, page);
            }
        }
        var fresh = new PrefixNode(node, layout, start, own);
        if (page != null) {
            fresh.setGlobal(page);
        }
        node.add(fresh);
        nodes.add(fresh);
        return fresh;
    }

    /// Puts a node with more tokens into the place of one that begins it.
    private PrefixNode replace(PrefixNode parent, PrefixNode old, int start, int[] own, @Nullable Page page) {
        var longer = new PrefixNode(parent, layout, start, own);
        if (page != null) {
            longer.setGlobal(page);
        }
        longer.takeLocals(old);
        parent.remove(old);
        nodes.remove(old);
        old.drop();
        parent.add(longer);
        nodes.add(longer);
        return longer;
    }

    private void keepLocals(PrefixNode node, int end, PagedCache cache, int... likely) {
        int page = layout.localPage();
        for (Page local : cache.locals()) {
            int slot = (local.start() - node.start()) / page;
            if (local.start() >= Math.max(node.start(), cache.exactFrom())
                    && local.start() < end
                    && slot < node.numLocals()
                    && isWithinKeptWindow(local, likely)) {
                int count = Math.min(local.end(), end) - local.start();
                node.setLocal(slot, local, count);
                node.localsUsed(tick);
            }
        }
    }

    /// Returns whether a page is part of the window of a position that is likely to be gone on from, or close before.
    private boolean isWithinKeptWindow(Page page, int... likely) {
        int reach = layout.window() - 1 + layout.localPage() + grid - 1;
        if (interval > 0 && Math.ceilDiv(page.end(), interval) * interval - page.end() < reach) {
            return true;
        }
        for (int position : likely) {
            if (page.start() < position && page.end() > position - reach) {
                return true;
            }
        }
        return false;
    }

    /// Gathers the keys and values of `tokens`, which the tree must have with their windows; needs an open scope.
    ///
    /// @throws IllegalStateException if it has not
    public PrefixState save(int... tokens) {
        PrefixMatch match = match(Arrays.copyOf(tokens, tokens.length + 1)); // the last is what follows: any
        if (match.reused() != tokens.length || match.start() != tokens.length) {
            throw new IllegalStateException("a prefix to be saved must be in the cache with its windows: got "
                    + match.start() + " of " + tokens.length + " tokens");
        }
        try (var cache = begin(match)) {
            return PrefixState.of(cache, layout);
        }
    }

    /// Keeps a beginning that was saved.
    ///
    /// @throws CacheFullException if the budget has no room for it
    public void load(int[] tokens, PrefixState state) {
        try (var cache = state.restore(pool)) {
            insert(tokens, tokens.length, cache, tokens.length);
        }
    }

    /// Returns up to where a beginning of `length` tokens can be kept.
    public int alignedLength(int length) {
        return length / grid * grid;
    }

    private boolean evictOne() {
        return eviction.evictOne(tick);
    }

    /// Returns how many tokens the tree has keys of.
    public int numTokens() {
        return nodes.stream().mapToInt(node -> node.tokens().length).sum();
    }

    /// Returns the bytes of the pages kept, also of those that sequences hold.
    public long bytes() {
        Set<Page> pages = Collections.newSetFromMap(new IdentityHashMap<>());
        nodes.forEach(node -> node.forEachPage(pages::add));
        return pages.stream().mapToLong(Page::bytes).sum();
    }

    public long numEvicted() {
        return eviction.numEvicted();
    }

    /// Forgets all prefixes.
    public void clear() {
        nodes.forEach(PrefixNode::drop);
        nodes.clear();
        List<PrefixNode> top = new ArrayList<>();
        root.children().forEach(top::add);
        top.forEach(root::remove);
    }
}
