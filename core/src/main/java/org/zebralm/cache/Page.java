package org.zebralm.cache;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.KeyRows;
import org.zebralm.kernel.KeyScales;
import org.zebralm.model.PageLayout;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The keys and values of all layers of one kind for positions `[start, start + size)`.
///
/// One sequence writes a page, front to back, and may go on doing so while others read what was written before. A
/// head's
/// keys lie behind each other, as a kernel reads them. Lives as long as a sequence or the prefix tree holds it.
final class Page {
    private final PagePool pool;
    private final Lifetime lifetime = new Lifetime();
    private final int start;
    private final int size;
    private final long bytes;

    /// `[layers, 2, K, size, H]`: keys, then values.
    private final Tensor rows;

    /// `[layers, 2, K, size]` for int8, else null.
    private final @Nullable Tensor scales;

    private final List<KeyRange> layers = new ArrayList<>();

    /// How many sequences hold the page.
    private int pins;

    /// How many nodes of the prefix tree hold it: two where a sequence went on from a place that another had passed.
    private int keeps;

    Page(PagePool pool, int numLayers, int start, int size, long bytes) {
        PageLayout layout = pool.layout();
        this.pool = pool;
        this.start = start;
        this.size = size;
        this.bytes = bytes;
        int heads = layout.numKvHeads();
        int width = layout.headDim();
        try (var _ = Scope.open()) {
            rows = lifetime.keep(Tensors.empty(layout.dtype(), numLayers, 2, heads, size, width));
            scales = layout.dtype() == DType.INT8
                    ? lifetime.keep(Tensors.empty(DType.FLOAT32, numLayers, 2, heads, size))
                    : null;
            for (int layer = 0; layer < numLayers; layer++) {
                layers.add(new KeyRange(
                        view(rows, layer, 0, heads, size, width),
                        view(rows, layer, 1, heads, size, width),
                        scales == null
                                ? null
                                : new KeyScales(
                                        view(scales, layer, 0, heads, size), view(scales, layer, 1, heads, size)),
                        start));
            }
        }
    }

    private Tensor view(Tensor all, int layer, int which, long... shape) {
        return lifetime.keep(
                all.narrow(0, layer, 1).narrow(1, which, 1).reshape(shape).transpose(0, 1));
    }

    int start() {
        return start;
    }

    int size() {
        return size;
    }

    int end() {
        return start + size;
    }

    long bytes() {
        return bytes;
    }

    /// Returns a layer's keys as addresses.
    KeyRows addresses(int layer) {
        return KeyRows.of(layers.get(layer)); // a range remembers where it lies
    }

    /// Returns a layer's keys up to position `end`.
    KeyRange upTo(int layer, int end) {
        KeyRange whole = layers.get(layer);
        if (end >= end()) {
            return whole;
        }
        int count = end - start;
        KeyScales factors = whole.scales();
        return new KeyRange(
                whole.k_SKH().narrow(0, 0, count),
                whole.v_SKH().narrow(0, 0, count),
                factors == null
                        ? null
                        : new KeyScales(
                                factors.k_SK().narrow(0, 0, count),
                                factors.v_SK().narrow(0, 0, count)),
                start);
    }

    /// Writes those keys of `fresh` that this page has room for.
    void write(int layer, KeyRange fresh) {
        int from = (int) Math.max(start, fresh.position());
        int to = (int) Math.min(end(), fresh.end());
        int count = to - from;
        int source = (int) (from - fresh.position());
        int target = from - start;
        KeyRange whole = layers.get(layer);
        copy(fresh.k_SKH(), source, whole.k_SKH(), target, count);
        copy(fresh.v_SKH(), source, whole.v_SKH(), target, count);
        if (whole.scales() != null && fresh.scales() != null) {
            copy(fresh.scales().k_SK(), source, whole.scales().k_SK(), target, count);
            copy(fresh.scales().v_SK(), source, whole.scales().v_SK(), target, count);
        }
    }

    private static void copy(Tensor from, int source, Tensor to, int target, int count) {
        boolean all = source == 0 && count == from.size(0);
        to.narrow(0, target, count).copyInPlace(all ? from : from.narrow(0, source, count));
    }

    /// Takes over the first `count` positions of another page of the same place.
    void copyFrom(Page other, int count) {
        try (var _ = Scope.open()) {
            rows.narrow(3, 0, count).copyInPlace(other.rows.narrow(3, 0, count));
            if (scales != null && other.scales != null) {
                scales.narrow(3, 0, count).copyInPlace(other.scales.narrow(3, 0, count));
            }
        }
    }

    /// Makes all numbers zero: keys that are looked at but do not matter must be finite.
    void clear() {
        rows.zeroInPlace();
        if (scales != null) {
            scales.zeroInPlace();
        }
    }

    /// Returns the first `count` positions as `[layers, 2, K, count, H]`, a view.
    Tensor rows(int count) {
        return rows.narrow(3, 0, count);
    }

    /// Returns the factors of the first `count` positions as `[layers, 2, K, count]`, a view, or null.
    @Nullable
    Tensor scales(int count) {
        return scales == null ? null : scales.narrow(3, 0, count);
    }

    boolean isPinned() {
        return pins > 0;
    }

    /// Takes a sequence's hold.
    void pin() {
        if (pins++ == 0) {
            pool.pinned(this);
        }
    }

    /// Lets a sequence's hold go, and frees the page if that was the last of all.
    void unpin() {
        if (--pins == 0) {
            pool.unpinned(this);
        }
        freeIfUnused();
    }

    /// Takes a node's hold.
    void keep() {
        keeps++;
    }

    /// Lets a node's hold go, and frees the page if that was the last of all.
    void unkeep() {
        keeps--;
        freeIfUnused();
    }

    private void freeIfUnused() {
        if (pins == 0 && keeps == 0) {
            lifetime.close();
            pool.freed(this);
        }
    }
}
