package org.zebralm.cache;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.PageLayout;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The keys and values of a beginning, gathered from its pages: what can be written to disk and come back elsewhere.
///
/// @param tokens how many tokens it has
/// @param localFrom the position of the first local key
/// @param tensors by name: `global` and `local`, `[layers, 2, K, positions, H]` (keys, then values), and for int8 their
///     `global_scales` and `local_scales`, `[layers, 2, K, positions]`; kinds of which the model has no layer are
/// missing
public record PrefixState(int tokens, int localFrom, Map<String, Tensor> tensors) {
    private static final String GLOBAL = "global";
    private static final String LOCAL = "local";
    private static final String SCALES = "_scales";
    private static final int POSITIONS = 3;

    public PrefixState {
        tensors = Map.copyOf(tensors);
    }

    /// Gathers what a cache holds; it must have computed all that its windows need.
    static PrefixState of(PagedCache cache, PageLayout layout) {
        int tokens = cache.length();
        int localFrom = layout.firstLocal(tokens) * layout.localPage();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        gather(GLOBAL, cache.globals(), 0, tokens, tensors);
        gather(LOCAL, cache.locals(), localFrom, tokens, tensors);
        return new PrefixState(tokens, localFrom, tensors);
    }

    private static void gather(String name, Iterable<Page> pages, int from, int to, Map<String, Tensor> tensors) {
        List<Tensor> rows = new ArrayList<>();
        List<Tensor> scales = new ArrayList<>();
        for (Page page : pages) {
            if (page.start() >= from && page.start() < to) {
                int count = Math.min(page.end(), to) - page.start();
                rows.add(page.rows(count));
                Tensor factors = page.scales(count);
                if (factors != null) {
                    scales.add(factors);
                }
            }
        }
        if (!rows.isEmpty()) {
            tensors.put(name, Tensors.cat(rows, POSITIONS));
        }
        if (!scales.isEmpty()) {
            tensors.put(name + SCALES, Tensors.cat(scales, POSITIONS));
        }
    }

    /// Returns the shapes and types that a state of a layout has, by name.
    ///
    /// @param tokens and `localFrom` as in the record
    public static Map<String, Part> parts(PageLayout layout, int tokens, int localFrom) {
        Map<String, Part> parts = new LinkedHashMap<>();
        put(parts, layout, GLOBAL, layout.globalLayers().size(), tokens);
        put(parts, layout, LOCAL, layout.localLayers().size(), tokens - localFrom);
        return parts;
    }

    private static void put(Map<String, Part> parts, PageLayout layout, String name, int numLayers, int positions) {
        if (numLayers > 0 && positions > 0) {
            int heads = layout.numKvHeads();
            parts.put(name, new Part(layout.dtype(), List.of(numLayers, 2, heads, positions, layout.headDim())));
            if (layout.dtype() == DType.INT8) {
                parts.put(name + SCALES, new Part(DType.FLOAT32, List.of(numLayers, 2, heads, positions)));
            }
        }
    }

    /// One tensor's type and shape.
    public record Part(DType dtype, List<Integer> shape) {}

    /// Returns a cache that begins with this state.
    ///
    /// @throws CacheFullException if the budget has no room
    PagedCache restore(PagePool pool) {
        var cache = new PagedCache(pool);
        boolean isDone = false;
        try {
            PageLayout layout = pool.layout();
            Tensor global = tensors.get(GLOBAL);
            if (global != null) {
                for (int start = 0; start < tokens; start = layout.globalEnd(start)) {
                    Page page = pool.global(start);
                    cache.addGlobal(page);
                    fill(page, global, tensors.get(GLOBAL + SCALES), 0);
                }
            }
            Tensor local = tensors.get(LOCAL);
            if (local != null) {
                for (int index = localFrom / layout.localPage(); index * layout.localPage() < tokens; index++) {
                    Page page = pool.local(index);
                    cache.addLocal(page);
                    fill(page, local, tensors.get(LOCAL + SCALES), localFrom);
                }
            }
            cache.begin(tokens, tokens, localFrom);
            isDone = true;
            return cache;
        } finally {
            if (!isDone) {
                cache.close();
            }
        }
    }

    private void fill(Page page, Tensor rows, @Nullable Tensor scales, int from) {
        int count = Math.min(page.end(), tokens) - page.start();
        int source = page.start() - from;
        page.rows(count).copyInPlace(rows.narrow(POSITIONS, source, count));
        Tensor factors = page.scales(count);
        if (factors != null && scales != null) {
            factors.copyInPlace(scales.narrow(POSITIONS, source, count));
        }
    }
}
