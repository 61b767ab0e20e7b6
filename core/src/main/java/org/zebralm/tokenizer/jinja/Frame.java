package org.zebralm.tokenizer.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The variables of a body while it is rendered, and behind them those around it.
final class Frame {
    /// Stands for a variable that is known not to be set.
    private static final Object UNSET = new Object();

    private final @Nullable Frame parent;
    private final Map<String, Object> values = new HashMap<>();
    private String captured = "";

    Frame(@Nullable Frame parent) {
        this.parent = parent;
    }

    /// Returns a frame for a body within this one.
    Frame inner(Body body) {
        var frame = new Frame(this);
        frame.begin(body);
        return frame;
    }

    /// Returns what a block sees: what the template was given and has set, less what is yet to be set.
    Frame copy() {
        var frame = new Frame(parent);
        values.forEach((name, value) -> {
            if (value != UNSET) {
                frame.values.put(name, value);
            }
        });
        return frame;
    }

    void begin(Body body) {
        body.unset().forEach(this::unset);
    }

    void unset(String name) {
        values.put(name, UNSET);
    }

    void set(String name, Object value) {
        values.put(name, value);
    }

    Object get(String name) {
        for (@Nullable Frame frame = this; frame != null; frame = frame.parent) {
            Object value = frame.values.get(name);
            if (value != null) {
                return value == UNSET ? Undefined.named(name) : value;
            }
        }
        return Undefined.named(name);
    }

    boolean isUnset(String name) {
        return values.get(name) == UNSET;
    }

    String captured() {
        return captured;
    }

    void capture(String text) {
        captured = text;
    }
}
