package org.zebralm.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// One setting that a run had and has another value now.
///
/// @param key dotted, as users write it
/// @param was its value as JSON, `-` where it did not exist
/// @param is its value as JSON, `-` where it does not exist any more
public record SettingChange(String key, String was, String is) {
    private static final String NONE = "-";

    /// Lists where two trees of settings differ, key by key, in their order; a list differs as a whole.
    public static List<SettingChange> between(ObjectNode was, ObjectNode is) {
        List<SettingChange> changes = new ArrayList<>();
        collect("", was, is, changes);
        return List.copyOf(changes);
    }

    private static void collect(String path, JsonNode was, JsonNode is, List<SettingChange> changes) {
        if (was instanceof ObjectNode before && is instanceof ObjectNode now) {
            Set<String> names = new LinkedHashSet<>();
            before.fieldNames().forEachRemaining(names::add);
            now.fieldNames().forEachRemaining(names::add);
            for (String name : names) {
                collect(path.isEmpty() ? name : path + "." + name, before.path(name), now.path(name), changes);
            }
        } else if (!isSame(was, is)) {
            changes.add(new SettingChange(path, text(was), text(is)));
        }
    }

    /// Whole numbers are the same however a reader holds them: `1` as an int, a long, or `1.0`; in lists, too.
    private static boolean isSame(JsonNode was, JsonNode is) {
        return was.equals((a, b) -> isSameValue(a, b) ? 0 : 1, is);
    }

    private static boolean isSameValue(JsonNode was, JsonNode is) {
        if (was.isNumber() && is.isNumber()) {
            return was.decimalValue().compareTo(is.decimalValue()) == 0;
        }
        return was.equals(is);
    }

    private static String text(JsonNode value) {
        if (value.isMissingNode()) {
            return NONE;
        }
        return value.isTextual() ? value.textValue() : value.toString();
    }

    @Override
    public String toString() {
        return key + ": " + was + " -> " + is;
    }
}
