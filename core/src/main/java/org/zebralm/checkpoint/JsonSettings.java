package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Reads the settings of one JSON object and collects everything wrong with them, so that one error can name all of it.
///
/// A key that is missing, or null, has the default given by the caller.
final class JsonSettings {
    private final ObjectNode object;
    private final String prefix;
    private final List<String> problems;
    private final Set<String> known = new HashSet<>();
    private final List<String> inertKeys = new ArrayList<>();

    JsonSettings(ObjectNode object) {
        this(object, "", new ArrayList<>());
    }

    private JsonSettings(ObjectNode object, String prefix, List<String> problems) {
        this.object = object;
        this.prefix = prefix;
        this.problems = problems;
    }

    List<String> problems() {
        return problems;
    }

    /// Adds a problem, once where several readers come upon it.
    void problem(String text) {
        if (!problems.contains(text)) {
            problems.add(text);
        }
    }

    /// Returns whether the key is there with a value.
    boolean has(String key) {
        return object.hasNonNull(key);
    }

    /// Returns whether the key is there, be it with null.
    boolean contains(String key) {
        return object.has(key);
    }

    static boolean isFalse(JsonNode node) {
        return node.isBoolean() && !node.booleanValue();
    }

    /// Returns the value of a key, or null if it has none.
    @Nullable
    JsonNode node(String key) {
        known.add(key);
        return object.hasNonNull(key) ? object.get(key) : null;
    }

    /// Returns the settings of a nested object, or null if there is none; its problems join these.
    @Nullable
    JsonSettings nested(String key) {
        JsonNode node = node(key);
        if (node == null || node instanceof ObjectNode) {
            return node == null ? null : new JsonSettings((ObjectNode) node, prefix + key + ".", problems);
        }
        wrongType(key, "an object", node);
        return null;
    }

    /// Returns a whole number that must be there.
    int integer(String key) {
        if (!has(key)) {
            known.add(key);
            problem(prefix + key + " is missing");
            return 1;
        }
        return integer(key, 1);
    }

    int integer(String key, int otherwise) {
        JsonNode node = node(key);
        if (node == null) {
            return otherwise;
        }
        if (!node.isIntegralNumber() || !node.canConvertToInt()) {
            return wrongType(key, "a whole number below 2^31", node, otherwise);
        }
        return node.intValue();
    }

    double number(String key, double otherwise) {
        JsonNode node = node(key);
        if (node == null) {
            return otherwise;
        }
        return node.isNumber() ? node.doubleValue() : wrongType(key, "a number", node, otherwise);
    }

    boolean flag(String key, boolean otherwise) {
        JsonNode node = node(key);
        if (node == null) {
            return otherwise;
        }
        return node.isBoolean() ? node.booleanValue() : wrongType(key, "true or false", node, otherwise);
    }

    String string(String key, String otherwise) {
        JsonNode node = node(key);
        if (node == null) {
            return otherwise;
        }
        return node.isTextual() ? node.textValue() : wrongType(key, "a string", node, otherwise);
    }

    /// Returns an array's entries, or an empty list if there is none.
    List<JsonNode> list(String key) {
        JsonNode node = node(key);
        if (node == null || node.isArray()) {
            return node == null ? List.of() : node.valueStream().toList();
        }
        return wrongType(key, "an array", node, List.of());
    }

    /// Refuses a value that changes the model in a way not implemented; missing is accepted.
    void only(String key, Predicate<JsonNode> accepted, String rule) {
        JsonNode node = node(key);
        if (node != null && !accepted.test(node)) {
            problem(prefix + key + " must be " + rule + ": got " + abbreviated(node));
        }
    }

    /// Accepts keys whose values do not matter.
    void ignore(Set<String> keys) {
        known.addAll(keys);
    }

    /// Refuses every key that nobody asked for, unless its value is null or `inert` knows that it changes nothing.
    void refuseUnknown(Predicate<String> inert) {
        for (var property : object.properties()) {
            if (known.contains(property.getKey()) || property.getValue().isNull()) {
                continue;
            }
            if (inert.test(property.getKey())) {
                inertKeys.add(property.getKey());
            } else {
                problem(prefix + property.getKey() + " = " + abbreviated(property.getValue())
                        + " is not known here; remove it if it changes nothing in what the model computes");
            }
        }
    }

    /// Returns the keys with a value that [#refuseUnknown] let pass because they change nothing.
    List<String> inertKeys() {
        return List.copyOf(inertKeys);
    }

    private <T> T wrongType(String key, String type, JsonNode node, T otherwise) {
        wrongType(key, type, node);
        return otherwise;
    }

    private void wrongType(String key, String type, JsonNode node) {
        problem(prefix + key + " must be " + type + ": got " + abbreviated(node));
    }

    private static String abbreviated(JsonNode node) {
        String text = node.getNodeType() == JsonNodeType.STRING ? '"' + node.textValue() + '"' : node.toString();
        return text.length() <= 80 ? text : text.substring(0, 77) + "...";
    }
}
