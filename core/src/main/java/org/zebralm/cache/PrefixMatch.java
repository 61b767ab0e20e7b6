package org.zebralm.cache;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// How much of a prompt the tree has, and what it would take to go on from there.
///
/// @param path the nodes whose stretches the prompt shares, the last maybe in part
/// @param reused up to where global keys are there
/// @param windowsAt up to where the local windows are there, or -1 for nowhere: then `start` has windows of zeros,
/// early
///     enough that they do not matter at `reused`
/// @param start where computing begins, at most `reused`
public record PrefixMatch(List<PrefixNode> path, int reused, int windowsAt, int start, PrefixUse.Limit limit) {
    public static final PrefixMatch NOTHING = new PrefixMatch(List.of(), 0, 0, 0, PrefixUse.Limit.EMPTY);

    public PrefixMatch {
        path = List.copyOf(path);
    }

    public PrefixUse use(int promptTokens) {
        return new PrefixUse(promptTokens, reused, Math.max(0, windowsAt), reused - start, limit);
    }

    /// Returns the node whose stretch has `position`, or null.
    @Nullable
    PrefixNode nodeAt(int position) {
        for (PrefixNode node : path) {
            if (position >= node.start() && position < node.start() + node.span()) {
                return node;
            }
        }
        return null;
    }
}
