package org.zebralm.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.checkpoint.SealedFile;
import org.zebralm.tensor.Tensor;

/// The states a run can go on from: a folder with one file per saved step, the last `keep` of them.
///
/// A file is written beside its place, forced to disk and renamed, and only then is the oldest removed: what
/// an interruption at any moment leaves is every whole state that was there before. A file whose checksums
/// are wrong is put aside for the one before it.
public record Checkpoints(Path folder, int keep, DiskSpace disk) {
    private static final String NAME = "step-\\d{8,}\\.safetensors";
    private static final String HALF_WRITTEN = "\\." + NAME + "\\..*\\.tmp";
    private static final String DAMAGED = ".damaged";

    /// What a file system needs besides the bytes themselves: entries, and blocks that are not full.
    private static final long MARGIN = 1 << 20;

    public Checkpoints {
        if (keep < 1) {
            throw new IllegalArgumentException("at least 1 checkpoint must be kept: got " + keep);
        }
    }

    public Checkpoints(Path folder, int keep) {
        this(folder, keep, DiskSpace.OF_SYSTEM);
    }

    /// Writes a state, then removes those that are no longer kept.
    ///
    /// @throws UncheckedIOException saying why if it cannot be written; what was there before still is
    SaveReport save(int step, Map<String, Tensor> state, Map<String, String> metadata) {
        long start = System.nanoTime();
        Path file = folder.resolve("step-%08d.safetensors".formatted(step));
        long bytes = SealedFile.size(state, metadata);
        requireRoom(bytes, 1);
        try {
            Files.createDirectories(folder);
            SealedFile.write(file, state, metadata);
            List<Path> files = files(NAME);
            for (Path old : files.subList(0, Math.max(0, files.size() - keep))) {
                Files.deleteIfExists(old);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
        return new SaveReport(step, file, bytes, (System.nanoTime() - start) / 1e9);
    }

    /// Fails unless the disk can take the files that `saves` further states of `bytes` each leave at a time.
    ///
    /// @throws UncheckedIOException naming what is needed, what is free, and what can be done
    void requireRoom(long bytes, int saves) {
        // The new one is written before the oldest goes.
        int files = Math.max(1, Math.min(saves, keep + 1 - files(NAME).size()));
        long needed = bytes * files + MARGIN;
        long usable = disk.usable(folder);
        if (usable < needed) {
            throw new UncheckedIOException(
                    new IOException(("too little disk for %s of %s: %s are needed in %s, and %s are free;"
                                    + " free some%s, or use a folder on another disk")
                            .formatted(
                                    files == 1 ? "the next checkpoint" : files + " checkpoints",
                                    mebibytes(bytes),
                                    mebibytes(needed),
                                    folder,
                                    mebibytes(usable),
                                    files == 1 ? "" : ", lower keepCheckpoints (" + keep + ")")));
        }
    }

    /// Returns the latest state whose checksums are right, if any was saved.
    ///
    /// @param notices told of each damaged file, which is renamed so that it is not tried again
    /// @throws IllegalArgumentException if states were saved and all of them are damaged
    public Optional<Checkpoint> latest(Consumer<String> notices) {
        return latest(file -> "%s now, and".formatted(putAside(file).getFileName()), notices);
    }

    /// Returns the latest state whose checksums are right, if any was saved, and changes nothing.
    public Optional<Checkpoint> latestOfAnotherRun() {
        return latest(_ -> "left out, and", _ -> {});
    }

    private Optional<Checkpoint> latest(Function<Path, String> whenDamaged, Consumer<String> notices) {
        List<Path> files = files(NAME);
        for (Path file : files.reversed()) {
            SafetensorsFile tensors;
            try {
                tensors = SealedFile.open(file);
            } catch (IllegalArgumentException e) {
                if (file.equals(files.getFirst())) {
                    throw new IllegalArgumentException(
                            ("no checkpoint in %s can be used (%s);"
                                            + " start again in another folder, or put a whole one there")
                                    .formatted(folder, e.getMessage()),
                            e);
                }
                notices.accept("%s; it is %s the checkpoint before it is used"
                        .formatted(e.getMessage(), whenDamaged.apply(file)));
                continue;
            }
            try (tensors) {
                return Optional.of(Checkpoint.of(tensors));
            }
        }
        return Optional.empty();
    }

    /// Removes what was being written when an earlier process of the run was killed; returns how many files.
    ///
    /// No other process may be writing here.
    public int removeHalfWritten() {
        List<Path> files = files(HALF_WRITTEN);
        try {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot remove a half-written checkpoint: " + e.getMessage(), e);
        }
        return files.size();
    }

    private static Path putAside(Path file) {
        try {
            return Files.move(
                    file, file.resolveSibling(file.getFileName() + DAMAGED), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot rename the damaged " + file + ": " + e.getMessage(), e);
        }
    }

    private List<Path> files(String name) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.getFileName().toString().matches(name))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }

    private static String mebibytes(long bytes) {
        return "%.1f MiB".formatted(bytes / 1048576.0);
    }
}
