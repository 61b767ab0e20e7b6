package org.zebralm.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The tensors of a model folder, from one file or from the shards its index names.
///
/// Of several the first counts, as in transformers: `model.safetensors`, its shards, `pytorch_model.bin`, its shards.
public final class FolderWeights implements WeightSource {
    static final String SINGLE_FILE = "model.safetensors";
    private static final String TORCH_FILE = "pytorch_model.bin";
    private static final String TORCH_INDEX = "pytorch_model.bin.index.json";

    private final Path folder;
    private final List<WeightSource> files;
    private final Map<String, WeightSource> fileByName = new LinkedHashMap<>();

    private FolderWeights(Path folder, List<WeightSource> files) {
        this.folder = folder;
        this.files = files;
    }

    /// Maps all of the folder's files.
    ///
    /// @throws IllegalArgumentException if there are none, a file is damaged, or index and shards disagree
    public static FolderWeights open(Path folder) {
        var weights = new FolderWeights(folder, new ArrayList<>());
        boolean opened = false;
        try {
            weights.openFiles();
            opened = true;
            return weights;
        } finally {
            if (!opened) {
                weights.close();
            }
        }
    }

    private void openFiles() {
        boolean found = openIfThere(SINGLE_FILE, ShardIndex.FILE_NAME, ".safetensors", SafetensorsFile::open)
                || openIfThere(TORCH_FILE, TORCH_INDEX, ".bin", TorchFile::open);
        if (!found) {
            throw new IllegalArgumentException(folder + " holds no weights: none of " + SINGLE_FILE + ", "
                    + ShardIndex.FILE_NAME + ", " + TORCH_FILE + " and " + TORCH_INDEX + " is there");
        }
    }

    private boolean openIfThere(
            String singleName, String indexName, String extension, Function<Path, WeightSource> opener) {
        Path single = folder.resolve(singleName);
        Path index = folder.resolve(indexName);
        if (Files.exists(single)) {
            WeightSource file = openFile(single, opener);
            file.names().forEach(name -> fileByName.put(name, file));
        } else if (Files.exists(index)) {
            openShards(index, ShardIndex.read(index, extension), opener);
        } else {
            return false;
        }
        return true;
    }

    private void openShards(Path indexFile, ShardIndex index, Function<Path, WeightSource> opener) {
        Map<String, WeightSource> shards = new LinkedHashMap<>();
        for (String shard : index.shards()) {
            shards.put(shard, openFile(folder.resolve(shard), opener));
        }
        List<String> problems = new ArrayList<>();
        index.shardByName().forEach((name, shard) -> {
            WeightSource file = shards.get(shard);
            if (file != null && file.names().contains(name)) {
                fileByName.put(name, file);
            } else {
                problems.add(shard + " does not hold " + name);
            }
        });
        shards.forEach((shard, file) -> file.names().stream()
                .filter(name -> !shard.equals(index.shardByName().get(name)))
                .forEach(name -> problems.add(shard + " holds " + name + ", which the index does not place there")));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    indexFile + " and its shards disagree:\n  " + String.join("\n  ", problems));
        }
    }

    private WeightSource openFile(Path path, Function<Path, WeightSource> opener) {
        WeightSource file = opener.apply(path);
        files.add(file);
        return file;
    }

    @Override
    public Set<String> names() {
        return Collections.unmodifiableSet(fileByName.keySet());
    }

    @Override
    public DType dtype(String name) {
        return file(name).dtype(name);
    }

    @Override
    public long[] shape(String name) {
        return file(name).shape(name);
    }

    @Override
    public Tensor tensor(String name) {
        return file(name).tensor(name);
    }

    private WeightSource file(String name) {
        return TensorNames.find(fileByName, name, folder);
    }

    @Override
    public void close() {
        files.forEach(WeightSource::close);
    }
}
