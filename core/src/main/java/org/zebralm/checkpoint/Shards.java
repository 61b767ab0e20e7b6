package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// How tensors are spread over files of limited size.
final class Shards {
    private Shards() {}

    /// Fills shards in order; a tensor larger than the limit has one to itself.
    static List<Map<String, PendingTensor>> fill(Map<String, PendingTensor> tensors, long maxBytes) {
        List<Map<String, PendingTensor>> shards = new ArrayList<>();
        long room = 0;
        for (var entry : tensors.entrySet()) {
            long needed = entry.getValue().numBytes();
            if (shards.isEmpty() || needed > room) {
                shards.add(new LinkedHashMap<>());
                room = maxBytes;
            }
            shards.getLast().put(entry.getKey(), entry.getValue());
            room -= needed;
        }
        return shards;
    }

    /// Returns a shard's file name, `model-00001-of-00003.safetensors`.
    static String name(int index, int count) {
        return String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", index + 1, count);
    }
}
