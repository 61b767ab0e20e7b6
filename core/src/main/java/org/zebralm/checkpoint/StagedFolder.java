package org.zebralm.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Replaces the model in a folder: all is written to a folder within it and forced to disk before the first file moves
/// to its place, and `config.json` is removed first and comes last.
final class StagedFolder {
    private static final String STAGING_PREFIX = ".saving-";

    private StagedFolder() {}

    /// Writes the files of a model.
    @FunctionalInterface
    interface Writer {
        void writeTo(Path staging);
    }

    /// Makes the folder if there is none, and replaces the model in it.
    static void write(Path folder, Writer writer) {
        Path staging;
        try {
            Files.createDirectories(folder);
            staging = Files.createTempDirectory(folder, STAGING_PREFIX);
        } catch (IOException e) {
            throw new UncheckedIOException(AtomicFile.describe(folder, folder, e), e);
        }
        try {
            writer.writeTo(staging);
            commit(staging, folder);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot replace the model in " + folder + ": " + e.getMessage(), e);
        } finally {
            remove(staging);
        }
    }

    /// Only renames from here on; without `config.json` the folder is no model meanwhile.
    private static void commit(Path staging, Path folder) throws IOException {
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

    private static void remove(Path staging) {
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
