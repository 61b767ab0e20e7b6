package org.zebralm.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.function.Predicate;
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
    private final ObjectNode config;
    private final SequencedMap<String, PendingTensor> weights;
    private final long maxShardBytes;
    private final Companions companions;
    private final Predicate<String> replaced;

    /// What lies beside the weights and `config.json`.
    @FunctionalInterface
    interface Companions {
        void writeTo(Path staging) throws IOException;
    }

    /// @param replaced names of files that go when the new model comes, whether it has them or not; weights do anyway
    ModelFolderWriter(
            Path folder,
            ObjectNode config,
            SequencedMap<String, PendingTensor> weights,
            long maxShardBytes,
            Companions companions,
            Predicate<String> replaced) {
        if (maxShardBytes < 1) {
            throw new IllegalArgumentException("maxShardBytes must be at least 1: got " + maxShardBytes);
        }
        this.folder = folder;
        this.config = config;
        this.weights = weights;
        this.maxShardBytes = maxShardBytes;
        this.companions = companions;
        this.replaced = replaced;
    }

    /// Prepares the save of a model that is in memory.
    static ModelFolderWriter of(
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
        Map<String, long[]> needed = ZebraParameters.shapes(config);
        Map<String, long[]> there = new LinkedHashMap<>();
        weights.forEach((name, tensor) -> there.put(name, tensor.shape()));
        List<String> differences = ZebraParameters.differences(needed, there);
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException(
                    "the weights to save do not fit the config:\n  " + String.join("\n  ", differences));
        }
        // In the model's order, so that equal models give equal bytes whatever map they come in.
        SequencedMap<String, PendingTensor> pending = new LinkedHashMap<>();
        needed.keySet()
                .forEach(name -> pending.put(name, PendingTensor.of(Objects.requireNonNull(weights.get(name)), dtype)));
        Companions companions = staging -> {
            JsonFile.write(staging.resolve(ModelFolder.GENERATION_CONFIG), ConfigWriter.generationConfig(config));
            if (tokenizerJson != null) {
                TokenizerFiles.copy(tokenizerJson, config, staging);
            }
        };
        return new ModelFolderWriter(
                folder, ConfigWriter.config(config, dtype), pending, maxShardBytes, companions, _ -> false);
    }

    void save() {
        Path staging;
        try {
            Files.createDirectories(folder);
            staging = Files.createTempDirectory(folder, STAGING_PREFIX);
        } catch (IOException e) {
            throw new UncheckedIOException(AtomicFile.describe(folder, folder, e), e);
        }
        try {
            companions.writeTo(staging); // before the long part, since a tokenizer may be refused
            writeWeights(staging);
            JsonFile.write(staging.resolve(ModelFolder.CONFIG), config);
            commit(staging);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot replace the model in " + folder + ": " + e.getMessage(), e);
        } finally {
            removeTree(staging);
        }
    }

    private void writeWeights(Path staging) {
        List<Map<String, PendingTensor>> shards = shards();
        if (shards.size() == 1) {
            SafetensorsWriter.writeAsMade(staging.resolve(FolderWeights.SINGLE_FILE), shards.getFirst(), METADATA);
            return;
        }
        Map<String, String> shardByName = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String shard = String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            SafetensorsWriter.writeAsMade(staging.resolve(shard), shards.get(i), METADATA);
            shards.get(i).keySet().forEach(name -> shardByName.put(name, shard));
        }
        long totalBytes =
                weights.values().stream().mapToLong(PendingTensor::numBytes).sum();
        JsonFile.write(staging.resolve(ShardIndex.FILE_NAME), new ShardIndex(shardByName).toJson(totalBytes));
    }

    /// Fills shards in order; a tensor larger than the limit has one to itself.
    private List<Map<String, PendingTensor>> shards() {
        List<Map<String, PendingTensor>> shards = new ArrayList<>();
        long room = 0;
        for (var entry : weights.entrySet()) {
            long needed = entry.getValue().numBytes();
            if (shards.isEmpty() || needed > room) {
                shards.add(new LinkedHashMap<>());
                room = maxShardBytes;
            }
            shards.getLast().put(entry.getKey(), entry.getValue());
            room -= needed;
        }
        return shards;
    }

    /// Only renames from here on; without `config.json` the folder is no model meanwhile.
    private void commit(Path staging) throws IOException {
        Files.deleteIfExists(folder.resolve(ModelFolder.CONFIG));
        AtomicFile.forceFolder(folder);
        for (Path file : list(folder)) {
            String name = file.getFileName().toString();
            // A stale shard, or a single file beside an index, would be taken for the new weights.
            if (!file.equals(staging) && (isWeights(name) || replaced.test(name))) {
                deleteTree(file);
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

    private static void removeTree(Path folder) {
        try {
            deleteTree(folder);
        } catch (IOException _) {
            // What is left is a hidden folder that nothing reads; the save itself has succeeded or says why not.
        }
    }

    /// Deletes a file, or a folder with all that is in it; what a link leads to stays.
    private static void deleteTree(Path path) throws IOException {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
            for (Path inner : list(path)) {
                deleteTree(inner);
            }
        }
        Files.deleteIfExists(path);
    }

    /// Returns whether a name is that of a folder which an interrupted save has left.
    static boolean isStaging(String name) {
        return name.startsWith(STAGING_PREFIX);
    }

    /// Returns a hint if an interrupted save has left its staging folder in `folder`, or nothing.
    static String interruptedSave(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(ModelFolderWriter::isStaging)
                    .findFirst()
                    .map(name -> " (a save was interrupted; what it had written is in " + name + ")")
                    .orElse("");
        } catch (IOException _) {
            return ""; // the folder itself is missing, which the message around this one says well enough
        }
    }
}
