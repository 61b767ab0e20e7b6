package org.zebralm.checkpoint;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// One save of a model: stage everything, then move it into place.
final class ModelFolderWriter {
    private static final Map<String, String> METADATA = Map.of("format", "pt"); // older transformers insist on it

    private final Path folder;
    private final ZebraConfig config;
    private final Map<String, Tensor> weights = new LinkedHashMap<>();
    private final DType dtype;
    private final @Nullable Path tokenizerJson;
    private final long maxShardBytes;

    ModelFolderWriter(
            Path folder,
            ZebraConfig config,
            Map<String, Tensor> weights,
            DType dtype,
            @Nullable Path tokenizerJson,
            long maxShardBytes) {
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException(
                    "weights must be stored as floating-point numbers: got " + dtype.label());
        }
        if (maxShardBytes < 1) {
            throw new IllegalArgumentException("maxShardBytes must be at least 1: got " + maxShardBytes);
        }
        this.folder = folder;
        this.config = config;
        this.dtype = dtype;
        this.tokenizerJson = tokenizerJson;
        this.maxShardBytes = maxShardBytes;
        Map<String, long[]> needed = ZebraParameters.shapes(config);
        Map<String, long[]> there = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> there.put(name, tensor.shape()));
        List<String> differences = ZebraParameters.differences(needed, there);
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(
                    "the weights to save do not fit the config:\n  " + String.join("\n  ", differences));
        }
        // In the model's order, so that equal models give equal bytes whatever map they come in.
        needed.keySet().forEach(name -> this.weights.put(name, Objects.requireNonNull(weights.get(name))));
    }

    void save() {
        var json = ConfigWriter.config(config, dtype); // first, since it may refuse
        StagedFolder.write(folder, staging -> {
            writeWeights(staging);
            JsonFile.write(staging.resolve(ModelFolder.GENERATION_CONFIG), ConfigWriter.generationConfig(config));
            if (tokenizerJson != null) {
                TokenizerFiles.copy(tokenizerJson, config, staging);
            }
            JsonFile.write(staging.resolve(ModelFolder.CONFIG), json);
        });
    }

    private void writeWeights(Path staging) {
        List<Map<String, Tensor>> shards = shards();
        if (shards.size() == 1) {
            SafetensorsWriter.write(staging.resolve(FolderWeights.SINGLE_FILE), shards.getFirst(), dtype, METADATA);
            return;
        }
        Map<String, String> shardByName = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String shard = Shards.name(i, shards.size());
            SafetensorsWriter.write(staging.resolve(shard), shards.get(i), dtype, METADATA);
            shards.get(i).keySet().forEach(name -> shardByName.put(name, shard));
        }
        long totalBytes = weights.values().stream().mapToLong(this::bytes).sum();
        JsonFile.write(staging.resolve(ShardIndex.FILE_NAME), new ShardIndex(shardByName).toJson(totalBytes));
    }

    /// Fills shards in order; a tensor larger than the limit has one to itself.
    private List<Map<String, Tensor>> shards() {
        List<Map<String, Tensor>> shards = new ArrayList<>();
        long room = 0;
        for (var entry : weights.entrySet()) {
            long needed = bytes(entry.getValue());
            if (shards.isEmpty() || needed > room) {
                shards.add(new LinkedHashMap<>());
                room = maxShardBytes;
            }
            shards.getLast().put(entry.getKey(), entry.getValue());
            room -= needed;
        }
        return shards;
    }

    private long bytes(Tensor tensor) {
        return tensor.numElements() * dtype.bytes();
    }
}
