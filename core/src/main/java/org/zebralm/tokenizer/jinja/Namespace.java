package org.zebralm.tokenizer.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/// What `namespace()` makes: the one value a template may change.
record Namespace(Map<String, Object> attributes) {
    Namespace() {
        this(new LinkedHashMap<>());
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
