package org.zebralm.cache;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.PageLayout;

/// The tokens of one global page's stretch of positions, all or the first of them, and the pages kept for them.
///
/// Children follow a node whose stretch is full. They are in the order of their tokens, so that the one with the
/// longest common beginning is a neighbour of what is looked for.
final class PrefixNode {
    private final @Nullable PrefixNode parent;
    private final int start;
    private final int span;
    private final int[] tokens;
    private final TreeMap<int[], PrefixNode> children = new TreeMap<>(Arrays::compare);
    private @Nullable Page global;

    /// The local pages of this stretch, where they are kept, and how many of their positions are these tokens' keys.
    private final @Nullable Page[] locals;

    private final int[] localCounts;

    /// When the node, and when its local pages, were of use last.
    private long lastUse;

    private long lastLocalUse;

    PrefixNode(@Nullable PrefixNode parent, PageLayout layout, int start, int... tokens) {
        this.parent = parent;
        this.start = start;
        this.tokens = tokens;
        span = layout.globalPage(start);
        int numLocals = layout.localLayers().isEmpty() ? 0 : span / layout.localPage();
        locals = new Page[numLocals];
        localCounts = new int[numLocals];
    }

    @Nullable
    PrefixNode parent() {
        return parent;
    }

    int start() {
        return start;
    }

    int span() {
        return span;
    }

    int[] tokens() {
        return tokens;
    }

    boolean isFull() {
        return tokens.length == span;
    }

    boolean isLeaf() {
        return children.isEmpty();
    }

    Iterable<PrefixNode> children() {
        return children.values();
    }

    void add(PrefixNode child) {
        children.put(child.tokens, child);
    }

    void remove(PrefixNode child) {
        children.remove(child.tokens);
    }

    /// Returns the child that begins most like `wanted`, or null if none has its first token.
    @Nullable
    PrefixNode nearest(int... wanted) {
        Map.Entry<int[], PrefixNode> below = children.floorEntry(wanted);
        Map.Entry<int[], PrefixNode> above = children.higherEntry(wanted);
        int commonBelow = below == null ? 0 : common(below.getKey(), wanted);
        int commonAbove = above == null ? 0 : common(above.getKey(), wanted);
        if (commonBelow == 0 && commonAbove == 0) {
            return null;
        }
        return commonBelow >= commonAbove && below != null ? below.getValue() : above == null ? null : above.getValue();
    }

    /// Returns with how many equal tokens both begin.
    static int common(int[] a, int[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    @Nullable
    Page global() {
        return global;
    }

    void setGlobal(Page page) {
        global = page;
        page.keep();
    }

    int numLocals() {
        return locals.length;
    }

    @Nullable
    Page local(int slot) {
        return locals[slot];
    }

    /// Returns how many positions of a local page are held for these tokens, 0 where there is none.
    int localCount(int slot) {
        return locals[slot] == null ? 0 : localCounts[slot];
    }

    /// Keeps a local page of which `count` positions are these tokens' keys, unless as much is kept already.
    void setLocal(int slot, Page page, int count) {
        if (localCount(slot) < count) {
            Page held = locals[slot];
            page.keep();
            locals[slot] = page;
            localCounts[slot] = count;
            if (held != null) {
                held.unkeep();
            }
        }
    }

    /// Takes over the local pages that `shorter`, a node for the first of these tokens, keeps.
    void takeLocals(PrefixNode shorter) {
        for (int slot = 0; slot < locals.length; slot++) {
            Page page = shorter.locals[slot];
            if (page != null) {
                setLocal(slot, page, shorter.localCounts[slot]);
            }
        }
        lastLocalUse = shorter.lastLocalUse;
    }

    /// Gives up all pages; those that sequences hold live on with them.
    void drop() {
        dropLocals(_ -> true);
        if (global != null) {
            Page page = global;
            global = null;
            page.unkeep();
        }
    }

    /// Gives up the local pages that no sequence holds.
    void dropFreeLocals() {
        dropLocals(page -> !page.isPinned());
    }

    private void dropLocals(Predicate<Page> which) {
        for (int slot = 0; slot < locals.length; slot++) {
            Page page = locals[slot];
            if (page != null && which.test(page)) {
                locals[slot] = null;
                page.unkeep();
            }
        }
    }

    /// Returns the bytes of local pages that no sequence holds.
    long freeLocalBytes() {
        long bytes = 0;
        for (Page page : locals) {
            bytes += page == null || page.isPinned() ? 0 : page.bytes();
        }
        return bytes;
    }

    /// Returns the bytes of all pages that no sequence holds.
    long freeBytes() {
        return freeLocalBytes() + (global == null || global.isPinned() ? 0 : global.bytes());
    }

    boolean holdsPages() {
        return global != null || Arrays.stream(locals).anyMatch(page -> page != null);
    }

    void forEachPage(Consumer<Page> action) {
        if (global != null) {
            action.accept(global);
        }
        for (Page page : locals) {
            if (page != null) {
                action.accept(page);
            }
        }
    }

    long lastUse() {
        return lastUse;
    }

    void used(long tick) {
        lastUse = tick;
    }

    long lastLocalUse() {
        return lastLocalUse;
    }

    void localsUsed(long tick) {
        lastLocalUse = tick;
    }
}
