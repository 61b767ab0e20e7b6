package org.zebralm.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// The tensors of a model folder, from `model.safetensors` or from the shards its index names.
///
/// Where both are there the single file counts, as in transformers. Tensors are valid until [#close].
public final class FolderWeights implements AutoCloseable {
    static final String SINGLE_FILE = "model.safetensors";

    private final Path folder;
    private final List<SafetensorsFile> files;
    private final Map<String, SafetensorsFile> fileByName = new LinkedHashMap<>();

    private FolderWeights(Path folder, List<SafetensorsFile> files) {
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
        Path single = folder.resolve(SINGLE_FILE);
        Path indexFile = folder.resolve(ShardIndex.FILE_NAME);
        if (Files.exists(single)) {
            SafetensorsFile file = openFile(single);
            file.names().forEach(name -> fileByName.put(name, file));
        } else if (Files.exists(indexFile)) {
            openShards(indexFile, ShardIndex.read(indexFile));
        } else {
            throw new IllegalArgumentException(folder + " holds no weights: neither " + SINGLE_FILE + " nor "
                    + ShardIndex.FILE_NAME + " is there");
        }
    }

    private void openShards(Path indexFile, ShardIndex index) {
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        for (String shard : index.shards()) {
            shards.put(shard, openFile(folder.resolve(shard)));
        }
        List<String> problems = new ArrayList<>();
        index.shardByName().forEach((name, shard) -> {
            SafetensorsFile file = shards.get(shard);
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

    private SafetensorsFile openFile(Path path) {
        SafetensorsFile file = SafetensorsFile.open(path);
        files.add(file);
        return file;
    }

    /// Returns all names, file by file.
    public Set<String> names() {
        return Collections.unmodifiableSet(fileByName.keySet());
    }

    public DType dtype(String name) {
        return file(name).dtype(name);
    }

    public long[] shape(String name) {
        return file(name).shape(name);
    }

    /// Returns a tensor on its mapped file, read-only; needs an open [org.zebralm.tensor.Scope].
    public Tensor tensor(String name) {
        return file(name).tensor(name);
    }

    /// Returns whether two tensors have the same type and bytes.
    boolean areEqual(String one, String other) {
        return dtype(one) == dtype(other)
                && file(one).bytes(one).mismatch(file(other).bytes(other)) == -1;
    }

    private SafetensorsFile file(String name) {
        SafetensorsFile file = fileByName.get(name);
        if (file == null) {
            throw new IllegalArgumentException(folder + " has no tensor named " + name);
        }
        return file;
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
