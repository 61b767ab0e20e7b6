package org.zebralm.model;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.kernel.Span;

/// Whether a layer attends globally or within a window.
public sealed interface AttentionType {
    /// Returns which keys a query of such a layer sees.
    Span span();

    /// Every earlier token.
    record Global() implements AttentionType {
        @Override
        public Span span() {
            return Span.global();
        }
    }

    /// The last `window` tokens, the query's own included.
    record Local(int window) implements AttentionType {
        public Local {
            new Span.Local(window); // the rule on windows stands there
        }

        @Override
        public Span span() {
            return new Span.Local(window);
        }
    }

    /// Returns Zebra's layerwise groups (arXiv 2312.08618, section 3.2): layer `i` is global iff `i %
    /// layerGroupSize == 0`.
    static List<AttentionType> grouped(int numLayers, int layerGroupSize, int window) {
        if (numLayers < 1 || layerGroupSize < 1 || layerGroupSize > numLayers) {
            throw new IllegalArgumentException(
                    "layerGroupSize must be between 1 and numLayers: got " + layerGroupSize + " and " + numLayers);
        }
        List<AttentionType> types = new ArrayList<>(numLayers);
        for (int i = 0; i < numLayers; i++) {
            types.add(i % layerGroupSize == 0 ? new Global() : new Local(window));
        }
        return List.copyOf(types);
    }
}
