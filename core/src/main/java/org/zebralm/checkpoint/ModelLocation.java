package org.zebralm.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where a model is that somebody names: by its folder, by its file, or by the id under which Hugging Face's programs
/// have put it into their cache on this machine.
///
/// The network is never asked. The cache is laid out as by `huggingface_hub`: `models--ORG--NAME` holds
/// `refs/REVISION`, a file with the name of the folder under `snapshots`.
public final class ModelLocation {

    private static final Pattern ID = Pattern.compile(
            "(?<id>[A-Za-z0-9][\\w.-]{0,95}(?:/[A-Za-z0-9][\\w.-]{0,95})?)(?:@(?<revision>[\\w.-]+(?:/[\\w.-]+)*))?");

    private static final Pattern COMMIT = Pattern.compile("[0-9A-Za-z]{1,64}");

    /// A file under `refs` holds forty characters; what is longer is something else.
    private static final long MAX_REF_BYTES = 100;

    private static final int MAX_NEAR = 5;

    private final Path cache;

    private ModelLocation(Path cache) {
        this.cache = cache;
    }

    /// Returns the folder or file of a model; a path that exists comes before a cached id.
    ///
    /// @param name a path, `ORG/NAME` or `ORG/NAME@REVISION`; without a revision it is `main`
    /// @throws IllegalArgumentException if there is none, saying where it was looked for and what is near
    public static Path find(String name) {
        return find(name, System.getenv(), Path.of(System.getProperty("user.home")));
    }

    static Path find(String name, Map<String, String> environment, Path home) {
        Path path = existing(name);
        return path != null ? path : new ModelLocation(cache(environment, home)).cached(name);
    }

    private static @Nullable Path existing(String name) {
        try {
            Path path = Path.of(name);
            return name.isEmpty() || !Files.exists(path) ? null : path;
        } catch (InvalidPathException _) {
            return null; // on Windows, many a name
        }
    }

    /// Where `huggingface_hub` has its cache under these settings.
    private static Path cache(Map<String, String> environment, Path home) {
        for (String variable : List.of("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE")) {
            String hub = environment.getOrDefault(variable, "");
            if (!hub.isEmpty()) {
                return expand(hub, home);
            }
        }
        String huggingFace = environment.getOrDefault("HF_HOME", "");
        if (!huggingFace.isEmpty()) {
            return expand(huggingFace, home).resolve("hub");
        }
        String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
        Path folder = caches.isEmpty() ? home.resolve(".cache") : expand(caches, home);
        return folder.resolve("huggingface").resolve("hub");
    }

    private static Path expand(String folder, Path home) {
        return folder.equals("~") || folder.startsWith("~/")
                ? home.resolve(folder.substring(1).replaceFirst("^/", ""))
                : Path.of(folder);
    }

    private Path cached(String name) {
        Matcher matcher = ID.matcher(name);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "a model must be a folder, a file or the id of a cached one (ORG/NAME): there is no "
                            + quoted(name));
        }
        String id = matcher.group("id");
        Path repository = cache.resolve("models--" + id.replace("/", "--"));
        if (!Files.isDirectory(repository)) {
            throw new IllegalArgumentException("there is no file or folder %s and no model of that id in %s%s"
                    .formatted(quoted(name), cache, near(id)));
        }
        String revision = matcher.group("revision") == null ? "main" : matcher.group("revision");
        Path snapshots = repository.resolve("snapshots");
        String commit = commit(repository.resolve("refs"), revision);
        Path snapshot = snapshots.resolve(commit);
        if (revision.contains("..") || !COMMIT.matcher(commit).matches() || !Files.isDirectory(snapshot)) {
            throw new IllegalArgumentException(
                    "%s has no revision %s in %s; there is %s".formatted(id, revision, cache, revisions(repository)));
        }
        return snapshot;
    }

    /// The folder that a revision stands for; one that is not written down may be a folder itself.
    private static String commit(Path refs, String revision) {
        Path file = refs.resolve(revision).normalize();
        try {
            if (file.startsWith(refs) && Files.isRegularFile(file) && Files.size(file) <= MAX_REF_BYTES) {
                return Files.readString(file).strip();
            }
        } catch (IOException _) {
            // Refused below, as a revision that is not there.
        }
        return revision;
    }

    private static String revisions(Path repository) {
        List<String> found = new ArrayList<>();
        Path refs = repository.resolve("refs");
        try (Stream<Path> files = Files.walk(refs, 3)) {
            files.filter(Files::isRegularFile)
                    .map(file -> refs.relativize(file).toString().replace('\\', '/'))
                    .forEach(found::add);
        } catch (IOException _) {
            // None is what can be said of it.
        }
        names(repository.resolve("snapshots")).forEach(found::add);
        return found.isEmpty() ? "none: the download was interrupted" : String.join(", ", found);
    }

    private String near(String id) {
        String wanted = id.toLowerCase(Locale.ROOT);
        String last = wanted.substring(wanted.indexOf('/') + 1);
        List<String> cached = names(cache).stream()
                .filter(name -> name.startsWith("models--"))
                .map(name -> name.substring("models--".length()).replaceFirst("--", "/"))
                .toList();
        if (cached.isEmpty()) {
            return ", which has none (HF_HOME and HF_HUB_CACHE name other places)";
        }
        List<String> near = cached.stream()
                .filter(name -> {
                    String known = name.toLowerCase(Locale.ROOT);
                    return known.contains(last) || distance(known, wanted) <= Math.max(2, wanted.length() / 4);
                })
                .sorted(Comparator.comparingInt(name -> distance(name.toLowerCase(Locale.ROOT), wanted)))
                .toList();
        List<String> shown = near.isEmpty() ? cached : near;
        return "; %s %s%s"
                .formatted(
                        near.isEmpty() ? "it has" : "near it:",
                        String.join(", ", shown.subList(0, Math.min(MAX_NEAR, shown.size()))),
                        shown.size() > MAX_NEAR ? ", ..." : "");
    }

    private static List<String> names(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(Files::isDirectory)
                    .map(entry -> String.valueOf(entry.getFileName()))
                    .sorted()
                    .toList();
        } catch (IOException _) {
            return List.of();
        }
    }

    /// How many characters must be put in, taken out or replaced to make one of the other.
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }

    private static String quoted(String name) {
        return '"' + (name.length() <= 200 ? name : name.substring(0, 197) + "...") + '"';
    }
}
