package org.zebralm.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.zebralm.checkpoint.AtomicFile;

/// Where a run keeps what it makes; started again with the same settings, it goes on from there.
///
/// @param yaml the run's settings, which are written when its first work is done
record RunFolder(Path root, String yaml) {
    /// Checks that a run may work here: a new or empty folder, or one of a run with the same settings.
    ///
    /// Nothing is made yet, so that a run refused for another reason leaves no trace.
    static RunFolder claim(Path root, Record settings) {
        var folder = new RunFolder(root, Settings.toYaml(settings));
        try {
            if (Files.exists(folder.settings())) {
                folder.requireSame(Files.readString(folder.settings()));
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

    /// Makes the folder and writes the settings, by which a later start knows the run.
    void begin() {
        try {
            Files.createDirectories(root);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + root, e);
        }
        AtomicFile.write(settings(), yaml.getBytes(StandardCharsets.UTF_8));
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
        return root.resolve("settings.yaml");
    }

    Path tokenizer() {
        return root.resolve("tokenizer.json");
    }

    Path trainShard() {
        return root.resolve("data").resolve("train.tokens");
    }

    Path heldOutShard() {
        return root.resolve("data").resolve("heldout.tokens");
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

    private void requireSame(String before) {
        List<String> was = before.lines().toList();
        List<String> is = yaml.lines().toList();
        if (was.size() != is.size()) {
            throw new IllegalArgumentException(
                    "%s holds a run with other settings (see %s); name another folder with --out"
                            .formatted(root, settings()));
        }
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < was.size(); i++) {
            String a = was.get(i).strip();
            String b = is.get(i).strip();
            if (!a.equals(b)) {
                differences.add(a + " -> " + b);
            }
        }
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException("the run in " + root + " has other settings ("
                    + String.join(", ", differences) + "); resume it with its own, or name another folder with --out");
        }
    }
}
