package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.DType;

/// How an engine cuts the keys and values of a model into pages, and what these take.
///
/// A page of the *global* layers holds the keys of all of them for a stretch of positions, one of the *local* layers
/// likewise. Where a page begins and how long it is follows from the position alone, so that sequences with a common
/// beginning can share its pages. Global pages are short at the beginning, where short sequences would waste them, and
/// long from there on, since a kernel reads a long stretch faster. Local pages have one length, a power of two near an
/// eighth of the window: a sequence holds those that its window touches, and gives the others back.
///
/// Local layers whose windows differ are paged by the longest.
///
/// @param dtype what keys and values are stored as: float32, bfloat16 (float64 in tests), or int8 with a float32 factor
///     for each token and head
/// @param window the longest window, 0 where no layer is local
public record PageLayout(
        List<Integer> globalLayers,
        List<Integer> localLayers,
        int window,
        int localPage,
        int numKvHeads,
        int headDim,
        DType dtype) {
    private static final int SHORT_PAGE = 64;
    private static final int SHORT_UNTIL = 256;
    private static final int MIDDLE_PAGE = 256;
    private static final int MIDDLE_UNTIL = 1024;
    private static final int LONG_PAGE = 1024;
    private static final int SHORTEST_LOCAL = 16;

    public PageLayout {
        globalLayers = List.copyOf(globalLayers);
        localLayers = List.copyOf(localLayers);
        if (!dtype.isFloating() && dtype != DType.INT8) {
            throw new IllegalArgumentException(
                    "a cache holds floating-point numbers or int8: got " + dtype.label() + "; choose one of those");
        }
    }

    public static PageLayout of(ZebraConfig config, DType dtype) {
        List<Integer> globals = new ArrayList<>();
        List<Integer> locals = new ArrayList<>();
        int longest = 0;
        for (int layer = 0; layer < config.numLayers(); layer++) {
            switch (config.attentionTypes().get(layer)) {
                case AttentionType.Global _ -> globals.add(layer);
                case AttentionType.Local(int window) -> {
                    locals.add(layer);
                    longest = Math.max(longest, window);
                }
            }
        }
        int eighth = Integer.highestOneBit(Math.max(1, longest / 8));
        return new PageLayout(
                globals,
                locals,
                longest,
                Math.clamp(eighth, SHORTEST_LOCAL, SHORT_PAGE),
                config.numKvHeads(),
                config.headDim(),
                dtype);
    }

    /// Returns the length of the global page that begins at `start`.
    public int globalPage(int start) {
        return start < SHORT_UNTIL ? SHORT_PAGE : start < MIDDLE_UNTIL ? MIDDLE_PAGE : LONG_PAGE;
    }

    /// Returns the bytes of a global page of `length` tokens.
    public long globalBytes(int length) {
        return bytesPerToken() * globalLayers.size() * length;
    }

    /// Returns the bytes of a local page.
    public long localBytes() {
        return bytesPerToken() * localLayers.size() * localPage;
    }

    /// Keys and values of one layer.
    private long bytesPerToken() {
        long row = (long) headDim * dtype.bytes() + (dtype == DType.INT8 ? Float.BYTES : 0);
        return 2L * numKvHeads * row;
    }

    /// Returns where the global page ends that holds `position`.
    public int globalEnd(int position) {
        int page = globalPage(position);
        return (position / page + 1) * page;
    }

    /// Returns the bytes of all global pages of a sequence of `length` tokens.
    public long globalBytesUpTo(int length) {
        long bytes = 0;
        for (int start = 0; start < length; start = globalEnd(start)) {
            bytes += globalBytes(globalPage(start));
        }
        return bytes;
    }

    /// Returns the first local page that a query at `position` can see into.
    public int firstLocal(int position) {
        return Math.max(0, position - (window - 1)) / localPage;
    }

    /// Returns how many local pages a sequence holds while `chunk` tokens are added from `start` on.
    public int localPages(int start, int chunk) {
        return localLayers.isEmpty() ? 0 : Math.ceilDiv(start + chunk, localPage) - firstLocal(start);
    }

    /// Returns the most local pages that a sequence of up to `length` tokens can hold when no step adds more than
    /// `chunk`.
    public int mostLocalPages(int length, int chunk) {
        if (localLayers.isEmpty()) {
            return 0;
        }
        int most = Math.ceilDiv(window - 1 + chunk + localPage - 1, localPage);
        return Math.min(most, Math.ceilDiv(length, localPage));
    }

    /// Returns the bytes that a sequence holds whose last of `length` tokens was added alone.
    public long bytes(int length) {
        return length == 0 ? 0 : globalBytesUpTo(length) + localPages(length - 1, 1) * localBytes();
    }
}
