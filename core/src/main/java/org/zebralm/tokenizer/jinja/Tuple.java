package org.zebralm.tokenizer.jinja;

import java.util.List;

/// A Python tuple; the items of `groupby` also have names.
record Tuple(List<Object> items, List<String> names) {
    static Tuple of(Object... items) {
        return new Tuple(List.of(items), List.of());
    }

    static Tuple of(List<Object> items) {
        return new Tuple(items, List.of());
    }
}
