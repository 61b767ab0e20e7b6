package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A record as a tree of plain values.
///
/// Not left to Jackson, which writes a path as a `file:` URL and knows no `@Nullable`.
final class RecordTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private RecordTree() {}

    static ObjectNode of(Record record) {
        ObjectNode tree = NODES.objectNode();
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            tree.set(component.getName(), value(component.getName(), get(component, record)));
        }
        return tree;
    }

    static boolean isText(Class<?> type) {
        return type == String.class || type == Path.class || type.isEnum();
    }

    static boolean isNullable(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    /// The dotted key of a component, below `path` or at the top.
    static String key(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /// The component called `name` of the record type at `path`.
    ///
    /// @param origin where the user wrote the name, as an error says it
    static RecordComponent component(Class<?> type, String path, String name, String origin) {
        RecordComponent[] components = type.getRecordComponents();
        List<String> known =
                Arrays.stream(components).map(RecordComponent::getName).toList();
        int index = known.indexOf(name);
        if (index >= 0) {
            return components[index];
        }
        String closest = Spelling.closest(name, known);
        throw new IllegalArgumentException("unknown key %s%s: %sknown keys%s are %s"
                .formatted(
                        key(path, name),
                        origin,
                        closest == null ? "" : "did you mean " + key(path, closest) + "? ",
                        path.isEmpty() ? "" : " of " + path,
                        String.join(", ", known)));
    }

    private static JsonNode value(String name, @Nullable Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case Record record -> of(record);
            case List<?> list -> {
                var array = NODES.arrayNode();
                list.forEach(element -> array.add(value(name, element)));
                yield array;
            }
            case Integer number -> NODES.numberNode(number);
            case Long number -> NODES.numberNode(number);
            case Float number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            case Boolean flag -> NODES.booleanNode(flag);
            case String text -> NODES.textNode(text);
            case Path path -> NODES.textNode(path.toString());
            case Enum<?> constant -> NODES.textNode(constant.name());
            default -> throw new AssertionError("no setting can be a %s: %s".formatted(value.getClass(), name));
        };
    }

    private static @Nullable Object get(RecordComponent component, Record record) {
        try {
            var accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(component + " cannot be read", e);
        }
    }
}
