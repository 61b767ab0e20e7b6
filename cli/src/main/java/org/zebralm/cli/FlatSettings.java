package org.zebralm.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;

/// A run's settings as a table has them: dotted keys and values as text.
final class FlatSettings {
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private FlatSettings() {}

    /// Reads a `settings.yaml`, of this version or another; one that cannot be read is as good as none.
    static SequencedMap<String, String> read(Path file) {
        SequencedMap<String, String> settings = new LinkedHashMap<>();
        try {
            if (Files.exists(file)) {
                flatten("", YAML.readTree(Files.readString(file)), settings);
            }
        } catch (IOException e) {
            settings.clear();
        }
        return settings;
    }

    /// Returns the keys of all runs, in the order of the first that has them.
    static Set<String> keys(Collection<? extends SequencedMap<String, String>> runs) {
        Set<String> keys = new LinkedHashSet<>();
        runs.forEach(settings -> keys.addAll(settings.keySet()));
        return keys;
    }

    /// Returns the keys whose values are not the same in all runs.
    static List<String> differing(Collection<? extends SequencedMap<String, String>> runs) {
        return keys(runs).stream()
                .filter(key -> runs.stream()
                                .map(settings -> Objects.toString(settings.get(key)))
                                .distinct()
                                .count()
                        > 1)
                .toList();
    }

    private static void flatten(String key, JsonNode node, SequencedMap<String, String> settings) {
        if (node.isObject() && !node.isEmpty()) {
            node.properties()
                    .forEach(entry -> flatten(RecordTree.key(key, entry.getKey()), entry.getValue(), settings));
        } else if (!key.isEmpty()) {
            settings.put(key, node.isValueNode() ? node.asText() : node.toString());
        }
    }
}
