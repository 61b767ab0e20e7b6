package org.zebralm.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.zebralm.checkpoint.AtomicFile;

/// Where a run keeps what it makes; started again with the same settings, it goes on from there.
record RunFolder(Path root) {
    /// Makes the folder, or checks that the run in it had the same settings.
    static RunFolder claim(Path root, Record settings) {
        var folder = new RunFolder(root);
        String yaml = Settings.toYaml(settings);
        try {
            if (Files.exists(folder.settings())) {
                folder.requireSame(Files.readString(folder.settings()), yaml);
                return folder;
            }
            if (Files.exists(root) && !Files.isDirectory(root)) {
                throw new IllegalArgumentException(root + " is a file; name a folder for the run with --out");
            }
            Files.createDirectories(root);
            try (Stream<Path> entries = Files.list(root)) {
                if (entries.findAny().isPresent()) {
                    throw new IllegalArgumentException(
                            root + " has files in it but no run; name an empty or new folder with --out");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + root + " for a run", e);
        }
        AtomicFile.write(folder.settings(), yaml.getBytes(StandardCharsets.UTF_8));
        return folder;
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

    Path lossPlot() {
        return root.resolve("loss.svg");
    }

    Path model() {
        return root.resolve("model");
    }

    Path summary() {
        return root.resolve("summary.json");
    }

    private void requireSame(String before, String now) {
        List<String> was = before.lines().toList();
        List<String> is = now.lines().toList();
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < Math.max(was.size(), is.size()); i++) {
            String a = i < was.size() ? was.get(i).strip() : "nothing";
            String b = i < is.size() ? is.get(i).strip() : "nothing";
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
