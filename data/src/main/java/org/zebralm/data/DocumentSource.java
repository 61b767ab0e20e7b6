package org.zebralm.data;

import java.util.function.Consumer;
import java.util.function.Predicate;

/// Documents that can be read from the start, any number of times, in the same order.
@FunctionalInterface
public interface DocumentSource {

    /// Hands over each document in turn, holding no more than one; returns what was read and what was not.
    ReadReport forEach(Consumer<Document> consumer);

    /// The documents of this source that pass; the report still counts what was read to find them.
    default DocumentSource where(Predicate<Document> accepts) {
        return consumer -> forEach(document -> {
            if (accepts.test(document)) {
                consumer.accept(document);
            }
        });
    }
}
