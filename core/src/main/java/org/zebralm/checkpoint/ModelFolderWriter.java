package org.zebralm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// One save of a model: stage everything, then move it into place.
final class ModelFolderWriter {
    private static final String STAGING_PREFIX = ".saving-";
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
        Path staging;
        try {
            Files.createDirectories(folder);
            staging = Files.createTempDirectory(folder, STAGING_PREFIX);
        } catch (IOException e) {
            throw new UncheckedIOException(AtomicFile.describe(folder, folder, e), e);
        }
        try {
            writeWeights(staging);
            JsonFile.write(staging.resolve(ModelFolder.GENERATION_CONFIG), ConfigWriter.generationConfig(config));
            if (tokenizerJson != null) {
                TokenizerFiles.copy(tokenizerJson, config, staging);
            }
            JsonFile.write(staging.resolve(ModelFolder.CONFIG), json);
            commit(staging);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot replace the model in " + folder + ": " + e.getMessage(), e);
        } finally {
            removeStaging(staging);
        }
    }

    private void writeWeights(Path staging) {
        List<Map<String, Tensor>> shards = shards();
        if (shards.size() == 1) {
            SafetensorsWriter.write(staging.resolve(FolderWeights.SINGLE_FILE), shards.getFirst(), dtype, METADATA);
            return;
        }
        Map<String, String> shardByName = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String shard = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
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

    /// Only renames from here on; without `config.json` the folder is no model meanwhile.
    private void commit(Path staging) throws IOException {
        Files.deleteIfExists(folder.resolve(ModelFolder.CONFIG));
        AtomicFile.forceFolder(folder);
        for (Path file : list(folder)) {
            if (isWeights(file.getFileName().toString())) {
                Files.delete(
                        file); // a stale shard, or a single file beside an index, would be taken for the new weights
            }
        }
        for (Path file : list(staging)) {
            if (!file.endsWith(ModelFolder.CONFIG)) {
                AtomicFile.move(file, folder.resolve(file.getFileName()));
            }
        }
        AtomicFile.move(staging.resolve(ModelFolder.CONFIG), folder.resolve(ModelFolder.CONFIG));
    }

    private static boolean isWeights(String name) {
        return name.equals(FolderWeights.SINGLE_FILE)
                || name.equals(ShardIndex.FILE_NAME)
                || name.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
    }

    private static List<Path> list(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static void removeStaging(Path staging) {
        try {
            for (Path file : list(staging)) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(staging);
        } catch (IOException _) {
            // What is left is a hidden folder that nothing reads; the save itself has succeeded or says why not.
        }
    }

    /// Returns a hint if an interrupted save has left its staging folder in `folder`, or nothing.
    static String interruptedSave(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith(STAGING_PREFIX))
                    .findFirst()
                    .map(name -> " (a save was interrupted; what it had written is in " + name + ")")
                    .orElse("");
        } catch (IOException _) {
            return ""; // the folder itself is missing, which the message around this one says well enough
        }
    }
}
