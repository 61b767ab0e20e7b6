package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.SequencedSet;

/// `model.safetensors.index.json`, or `pytorch_model.bin.index.json`: which shard holds which tensor.
record ShardIndex(Map<String, String> shardByName) {
    static final String FILE_NAME = "model.safetensors.index.json";

    /// @param extension of all shards' names, with its dot
    /// @throws IllegalArgumentException if it names a file that is not a plain name of that kind within the folder
    static ShardIndex read(Path file, String extension) {
        JsonNode map = JsonFile.read(file).get("weight_map");
        if (!(map instanceof ObjectNode) || map.isEmpty()) {
            throw new IllegalArgumentException(file + ": weight_map must be an object that maps tensors to shards");
        }
        Map<String, String> shards = new LinkedHashMap<>();
        for (var entry : map.properties()) {
            String shard = entry.getValue().asText("");
            // No path may lead out of the folder, on any system.
            if (!shard.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*") || !shard.endsWith(extension)) {
                throw new IllegalArgumentException(file + ": a shard must be a plain file name ending in " + extension
                        + ": got " + entry.getValue() + " for " + entry.getKey());
            }
            shards.put(entry.getKey(), shard);
        }
        return new ShardIndex(Collections.unmodifiableMap(shards));
    }

    /// Returns the shards' file names, each once.
    SequencedSet<String> shards() {
        return new LinkedHashSet<>(shardByName.values());
    }

    ObjectNode toJson(long totalBytes) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.putObject("metadata").put("total_size", totalBytes);
        ObjectNode map = json.putObject("weight_map");
        shardByName.forEach(map::put);
        return json;
    }
}
