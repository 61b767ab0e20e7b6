package org.zebralm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.zebralm.checkpoint.AtomicFile;
import org.zebralm.train.SettingChange;

/// Where a run keeps what it makes; started again with the same settings, it goes on from there.
///
/// @param yaml the run's settings, which are written when its first work is done
record RunFolder(Path root, String yaml) {
    static final String SETTINGS = "settings.yaml";

    /// Checks that a run may work here: a new or empty folder, or one of a run with the same settings.
    ///
    /// Nothing is made yet, so that a run refused for another reason leaves no trace.
    static RunFolder claim(Path root, Record settings) {
        return claim(root, Settings.toYaml(settings), was -> {
            List<SettingChange> changes = SettingChange.between(was, RecordTree.of(settings));
            if (!changes.isEmpty()) {
                throw new IllegalArgumentException("the run in %s has other settings (%s); resume it with its own,"
                                .formatted(root, join(changes, ", "))
                        + " or name another folder with --out");
            }
        });
    }

    /// Checks that a training run may work here; one that is there already may get other settings where
    /// [RunSettings#reasonToStay] allows it.
    ///
    /// @param acceptChanges whether the user has confirmed them
    /// @param notices told of each change that is accepted
    static RunFolder claim(Path root, RunSettings settings, boolean acceptChanges, Consumer<String> notices) {
        return claim(root, Settings.toYaml(settings), was -> {
            // Settings that came after the run was begun have had their defaults in it.
            ObjectNode before = Settings.complete(RunSettings.defaults(), was);
            List<SettingChange> changes = SettingChange.between(before, RecordTree.of(settings));
            if (changes.stream().anyMatch(change -> RunSettings.reasonToStay(change.key()) != null)) {
                throw new IllegalArgumentException(
                        "the run in %s has other settings:%n%s%nA new run may begin with its weights: --init-from %s --out ANOTHER"
                                .formatted(root, table(changes), root));
            } else if (!changes.isEmpty() && !acceptChanges) {
                throw new IllegalArgumentException(
                        "the run in %s has other settings:%n%s%nTo go on with the new ones add --accept-changes; else give it its own, or name another folder with --out"
                                .formatted(root, table(changes)));
            }
            changes.forEach(change -> notices.accept(change.toString()));
        });
    }

    private static RunFolder claim(Path root, String yaml, Consumer<ObjectNode> check) {
        var folder = new RunFolder(root, yaml);
        try {
            if (Files.exists(folder.settings())) {
                check.accept(Settings.tree(folder.settings()));
            } else if (Files.exists(root)) {
                folder.requireEmpty();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + root + " for a run", e);
        }
        Path existing = root.toAbsolutePath();
        while (!Files.exists(existing)) {
            existing = Objects.requireNonNull(existing.getParent(), "the root folder exists");
        }
        if (!Files.isWritable(existing)) {
            throw new IllegalArgumentException(
                    "no permission to write in " + existing + "; name another folder with --out");
        }
        return folder;
    }

    /// Makes the folder and writes the settings, by which a later start knows the run. Those that a
    /// changed run had before are kept beside them.
    void begin() {
        try {
            Files.createDirectories(root);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + root, e);
        }
        keepOldSettings();
        AtomicFile.write(settings(), yaml.getBytes(StandardCharsets.UTF_8));
    }

    private void keepOldSettings() {
        try {
            if (Files.exists(settings()) && !Files.readString(settings()).equals(yaml)) {
                int number = 1;
                while (Files.exists(oldSettings(number))) {
                    number++;
                }
                AtomicFile.write(oldSettings(number), Files.readAllBytes(settings()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + settings(), e);
        }
    }

    private Path oldSettings(int number) {
        return root.resolve("settings-%d.yaml".formatted(number));
    }

    /// Keeps other processes off the run until the lock is closed; the system lets go of it when this one
    /// dies.
    ///
    /// @throws IllegalArgumentException if another process is at work here
    Closeable lock() {
        Path file = root.resolve(".lock");
        try {
            var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            @Nullable FileLock lock;
            try {
                lock = channel.tryLock();
            } catch (OverlappingFileLockException e) {
                lock = null;
            }
            if (lock == null) {
                channel.close();
                throw new IllegalArgumentException(
                        "another process is at work on the run in " + root + "; wait for it, or end it");
            }
            return channel;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot lock " + file, e);
        }
    }

    private void requireEmpty() throws IOException {
        if (!Files.isDirectory(root)) {
            throw new IllegalArgumentException(root + " is a file; name a folder for the run with --out");
        }
        try (Stream<Path> entries = Files.list(root)) {
            if (entries.findAny().isPresent()) {
                throw new IllegalArgumentException(
                        root + " has files in it but no run; name an empty or new folder with --out");
            }
        }
    }

    Path settings() {
        return root.resolve(SETTINGS);
    }

    Path tokenizer() {
        return root.resolve("tokenizer.json");
    }

    /// Where the tokens of a source's text are, the first source being 0.
    Path trainShard(int source) {
        return shard("train", source);
    }

    Path heldOutShard(int source) {
        return shard("heldout", source);
    }

    private Path shard(String split, int source) {
        return root.resolve("data").resolve(split + (source == 0 ? "" : "-" + (source + 1)) + ".tokens");
    }

    Path checkpoints() {
        return root.resolve("checkpoints");
    }

    Path metrics() {
        return root.resolve("metrics.jsonl");
    }

    Path tensorBoard() {
        return root.resolve("tensorboard");
    }

    Path lossPlot() {
        return root.resolve("loss.svg");
    }

    Path model() {
        return root.resolve("model");
    }

    Path summary() {
        return root.resolve("summary.json");
    }

    /// One change a line, with the reason where it cannot be made.
    private static String table(List<SettingChange> changes) {
        int width =
                changes.stream().mapToInt(change -> change.key().length()).max().orElse(0);
        return changes.stream()
                .map(change -> {
                    String reason = RunSettings.reasonToStay(change.key());
                    return "  %s  %s -> %s%s"
                            .formatted(
                                    change.key()
                                            + " ".repeat(width - change.key().length()),
                                    change.was(),
                                    change.is(),
                                    reason == null ? "" : "   cannot change: " + reason);
                })
                .collect(Collectors.joining(System.lineSeparator()));
    }

    private static String join(List<SettingChange> changes, String separator) {
        return changes.stream().map(SettingChange::toString).collect(Collectors.joining(separator));
    }
}
