package org.zebralm.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A run that a report shows.
///
/// @param name its folder's, with as much of the way there as tells it from the others
/// @param settings by their dotted keys; empty if the folder has none to read
record ReportRun(String name, Path folder, RunHistory history, SequencedMap<String, String> settings) {
    private static final String METRICS = "metrics.jsonl";

    /// Reads runs' folders, each of which must hold a run of at least one step.
    static List<ReportRun> read(List<Path> folders) {
        List<Path> absolute = new ArrayList<>();
        Set<Path> seen = new LinkedHashSet<>();
        for (Path folder : folders) {
            if (!Files.isRegularFile(folder.resolve(METRICS))) {
                throw new IllegalArgumentException(noRun(folder));
            }
            Path real = real(folder);
            if (!seen.add(real)) {
                throw new IllegalArgumentException("a run can be shown once: got " + folder + " twice");
            }
            absolute.add(real);
        }
        List<ReportRun> runs = new ArrayList<>();
        for (int i = 0; i < folders.size(); i++) {
            RunHistory history = RunHistory.read(folders.get(i).resolve(METRICS));
            if (history.isEmpty()) {
                throw new IllegalArgumentException("%s reports no step yet; leave it out until its run has done one%s"
                        .formatted(
                                folders.get(i).resolve(METRICS),
                                history.malformed() == 0
                                        ? ""
                                        : " (%d lines cannot be read)".formatted(history.malformed())));
            }
            runs.add(new ReportRun(
                    name(absolute.get(i), absolute),
                    folders.get(i),
                    history,
                    FlatSettings.read(folders.get(i).resolve("settings.yaml"))));
        }
        return runs;
    }

    private static String noRun(Path folder) {
        if (!Files.exists(folder)) {
            return "no such folder: " + folder;
        }
        if (!Files.isDirectory(folder)) {
            return folder + " is a file; name the folder of its run";
        }
        List<String> below = below(folder);
        return "%s is no folder of a run: it has no %s; %s"
                .formatted(
                        folder,
                        METRICS,
                        below.isEmpty()
                                ? "'zebra train --out DIR' makes one"
                                : "there are runs below it: " + String.join(" ", below));
    }

    private static List<String> below(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> Files.isRegularFile(entry.resolve(METRICS)))
                    .map(Path::toString)
                    .sorted()
                    .collect(Collectors.toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The last parts of a path, as many as no other ends in.
    private static String name(Path folder, List<Path> all) {
        for (int parts = 1; parts <= folder.getNameCount(); parts++) {
            Path tail = folder.subpath(folder.getNameCount() - parts, folder.getNameCount());
            if (all.stream().filter(other -> other.endsWith(tail)).count() == 1) {
                return tail.toString();
            }
        }
        return folder.toString();
    }
}
