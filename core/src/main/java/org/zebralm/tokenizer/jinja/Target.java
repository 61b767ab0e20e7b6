package org.zebralm.tokenizer.jinja;

import java.util.List;

/// What a value is assigned to.
sealed interface Target {
    record Variable(String name) implements Target {}

    record Attribute(String namespace, String name) implements Target {}

    record Unpacked(List<Target> targets) implements Target {}
}
