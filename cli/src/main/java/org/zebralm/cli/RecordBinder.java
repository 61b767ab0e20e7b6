package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/// Builds a record from a tree of plain values, with errors that a user can act on.
///
/// @param file what the values were read from, for a refusal by a record's own constructor
/// @param origins where each key that the user set came from
record RecordBinder(@Nullable Path file, Map<String, String> origins) {

    /// The record of `type` that `tree` describes.
    <R> R bind(ObjectNode tree, Class<R> type) {
        return type.cast(record("", tree, type));
    }

    private Object record(String path, JsonNode node, Class<?> type) {
        if (!(node instanceof ObjectNode tree)) {
            throw wrong(path, "a group of settings", node);
        }
        tree.fieldNames().forEachRemaining(name -> RecordTree.component(type, path, name, origin(path)));
        RecordComponent[] components = type.getRecordComponents();
        var values = new @Nullable Object[components.length];
        for (int i = 0; i < components.length; i++) {
            values[i] = component(RecordTree.key(path, components[i].getName()), tree, components[i]);
        }
        return construct(path, type, components, values);
    }

    private @Nullable Object component(String key, ObjectNode tree, RecordComponent component) {
        JsonNode node = tree.get(component.getName());
        // An empty value arrives as an empty text: 'resume:' and nothing after it.
        boolean empty = node == null
                || node.isNull()
                || (node.isTextual() && node.textValue().isEmpty() && component.getType() != String.class);
        if (empty) {
            if (RecordTree.isNullable(component)) {
                return null;
            }
            throw new IllegalArgumentException(
                    "%s needs a value: %s%s".formatted(key, expected(component.getType()), origin(key)));
        }
        return value(key, node, component.getGenericType());
    }

    private Object value(String key, JsonNode node, Type type) {
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            if (!(node instanceof ArrayNode array)) {
                throw wrong(key, "a list such as [1, 2]", node);
            }
            var values = new ArrayList<Object>();
            for (JsonNode element : array) {
                values.add(value(key + "[" + values.size() + "]", element, list.getActualTypeArguments()[0]));
            }
            return List.copyOf(values);
        } else if (type instanceof Class<?> plain) {
            return plain.isRecord() ? record(key, node, plain) : scalar(key, node, plain);
        }
        throw new AssertionError("no setting can be a " + type);
    }

    private Object scalar(String key, JsonNode node, Class<?> type) {
        try {
            if (type == int.class || type == Integer.class) {
                return number(node).intValueExact();
            } else if (type == long.class || type == Long.class) {
                return number(node).longValueExact();
            } else if (type == float.class || type == Float.class) {
                return number(node).floatValue();
            } else if (type == double.class || type == Double.class) {
                return number(node).doubleValue();
            } else if ((type == boolean.class || type == Boolean.class) && node.isBoolean()) {
                return node.booleanValue();
            } else if (type == String.class && node.isTextual()) {
                return node.textValue();
            } else if (type == Path.class && node.isTextual()) {
                return Path.of(node.textValue());
            } else if (type.isEnum() && node.isTextual()) {
                return constant(node.textValue(), type);
            }
        } catch (NumberFormatException | ArithmeticException | NoSuchElementException | InvalidPathException e) {
            throw wrong(key, expected(type), node);
        }
        throw wrong(key, expected(type), node);
    }

    /// YAML 1.1 takes `1e-4` for text, since it lacks a dot; users do not.
    private static BigDecimal number(JsonNode node) {
        if (!node.isNumber() && !node.isTextual()) {
            throw new NumberFormatException();
        }
        return new BigDecimal(node.asText().replace("_", "").strip());
    }

    private static Object constant(String name, Class<?> type) {
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> ((Enum<?>) constant).name().equalsIgnoreCase(name.replace('-', '_')))
                .findFirst()
                .orElseThrow(() -> new NoSuchElementException(name));
    }

    private Object construct(String path, Class<?> type, RecordComponent[] components, @Nullable Object[] values) {
        try {
            var constructor = type.getDeclaredConstructor(
                    Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            return constructor.newInstance(values);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof IllegalArgumentException refusal) {
                String where = file == null ? "" : file + ": ";
                throw new IllegalArgumentException(where + named(path, components, refusal.getMessage()), refusal);
            }
            throw new AssertionError(type + " failed other than by IllegalArgumentException", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(type + " cannot be built", e);
        }
    }

    /// A record's refusal begins with the component it is about, of which the user knows the full key.
    private static String named(String path, RecordComponent[] components, @Nullable String refusal) {
        String message = String.valueOf(refusal);
        boolean ofComponent = Arrays.stream(components)
                .map(RecordComponent::getName)
                .anyMatch(name -> message.startsWith(name + " ") || message.startsWith(name + "."));
        return ofComponent ? RecordTree.key(path, message) : message;
    }

    private IllegalArgumentException wrong(String key, String expected, JsonNode node) {
        String hint = node.isValueNode() && expected.equals(expected(String.class)) ? ", put it in quotes" : "";
        return new IllegalArgumentException(
                "%s must be %s: got %s%s%s".formatted(key, expected, node, hint, origin(key)));
    }

    private static String expected(Class<?> type) {
        if (type == int.class || type == Integer.class) {
            return "a whole number of at most %d".formatted(Integer.MAX_VALUE);
        } else if (type == long.class || type == Long.class) {
            return "a whole number";
        } else if (type == float.class || type == double.class || type == Float.class || type == Double.class) {
            return "a number";
        } else if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        } else if (type == Path.class) {
            return "a path";
        } else if (type == String.class) {
            return "text";
        } else if (type.isEnum()) {
            return "one of " + Arrays.toString(type.getEnumConstants());
        } else if (type == List.class) {
            return "a list such as [1, 2]";
        } else if (type.isRecord()) {
            return "a group of settings";
        }
        throw new AssertionError("no setting can be a " + type);
    }

    /// Where the user set `key` or what it lies in: ` (in train.yaml)`.
    private String origin(String key) {
        for (String k = key; !k.isEmpty(); k = k.substring(0, Math.max(0, lastBreak(k)))) {
            String origin = origins.get(k);
            if (origin != null) {
                return origin;
            }
        }
        return "";
    }

    private static int lastBreak(String key) {
        return Math.max(key.lastIndexOf('.'), key.lastIndexOf('['));
    }
}
