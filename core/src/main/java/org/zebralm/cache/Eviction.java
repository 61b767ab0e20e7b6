package org.zebralm.cache;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.PageLayout;

/// Decides what of the prefixes kept gives way when the budget is short.
///
/// Candidates are the last nodes of branches, and the local pages of any node. What costs most bytes and waiting for
/// each token that it would save goes first: `age * bytes / tokens`. Losing a node costs its tokens; losing local
/// pages costs rebuilding the windows, at most the tokens back to where the windows are kept next.
final class Eviction {
    private static final int MOST_REMEMBERED = 4096;

    private final PageLayout layout;
    private final Set<PrefixNode> nodes;
    private final int rebuilt;
    private long numEvicted;

    /// Hashes of the beginnings that were given up, so that a prompt can be told.
    private final Map<Long, Boolean> forgotten = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > MOST_REMEMBERED;
        }
    };

    Eviction(PageLayout layout, Set<PrefixNode> nodes, int interval) {
        this.layout = layout;
        this.nodes = nodes;
        int fromNothing = layout.localLayers().size() * Math.max(0, layout.window() - 1);
        rebuilt = Math.max(1, interval == 0 ? fromNothing : Math.min(interval, fromNothing));
    }

    /// Gives up one thing; returns false where sequences hold all that is left.
    boolean evictOne(long now) {
        PrefixNode worst = null;
        boolean worstIsLocal = false;
        double worstScore = -1;
        for (PrefixNode node : nodes) {
            long localBytes = node.freeLocalBytes();
            if (localBytes > 0) {
                double score = (double) (now - node.lastLocalUse() + 1) * localBytes / rebuilt;
                if (score > worstScore) {
                    worst = node;
                    worstIsLocal = true;
                    worstScore = score;
                }
            }
            Page global = node.global();
            if (node.isLeaf() && global != null && !global.isPinned()) {
                double score = (double) (now - node.lastUse() + 1) * node.freeBytes() / node.tokens().length;
                if (score > worstScore) {
                    worst = node;
                    worstIsLocal = false;
                    worstScore = score;
                }
            }
        }
        if (worst == null) {
            return false;
        }
        numEvicted++;
        if (worstIsLocal) {
            worst.dropFreeLocals();
            if (worst.isLeaf() && !worst.holdsPages()) {
                remove(worst); // of a model without global layers
            }
        } else {
            remove(worst);
        }
        return true;
    }

    private void remove(PrefixNode node) {
        forgotten.put(hash(node), true);
        node.drop();
        nodes.remove(node);
        PrefixNode parent = node.parent();
        if (parent != null) {
            parent.remove(node);
        }
    }

    /// Returns whether the stretch of `tokens` that begins at `found`, or at the beginning of its page, was given up.
    boolean hasForgotten(int[] tokens, int found) {
        if (forgotten.isEmpty()) {
            return false;
        }
        int page = layout.globalPage(found);
        int start = found / page * page;
        int end = Math.min(tokens.length, layout.globalEnd(start));
        long hash = hash(1, tokens, 0, start);
        // A node may have had any number of the stretch's tokens.
        for (int i = start; i < end; i++) {
            hash = 31 * hash + tokens[i] + 1;
            if (i >= found && forgotten.containsKey(hash)) {
                return true;
            }
        }
        return false;
    }

    private static long hash(@Nullable PrefixNode node) {
        return node == null ? 1 : hash(hash(node.parent()), node.tokens(), 0, node.tokens().length);
    }

    private static long hash(long before, int[] tokens, int from, int to) {
        long hash = before;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + tokens[i] + 1;
        }
        return hash;
    }

    long numEvicted() {
        return numEvicted;
    }
}
