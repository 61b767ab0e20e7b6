package org.zebralm.data;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.ReadReport.Tally;

/// The files that a path or a pattern names, by document id.
///
/// Folders are listed to the bottom; what starts with a dot there is left out, as version control and editors
/// keep their own files so. An id is the path from the folder given, that folder's name included, with `/` on
/// every system, so ids and their order are the same everywhere.
final class FileTree {

    private static final Pattern GLOB_SIGN = Pattern.compile("[*?\\[{]");

    private FileTree() {}

    /// Lists a file, a folder, or what a glob such as `data/**/*.jsonl.gz` matches; `**/` stands for any
    /// folders or none. What does not exist, matches nothing or is no pattern is an `IllegalArgumentException`;
    /// folders that cannot be listed are skipped and tallied.
    static SortedMap<String, Path> expand(String pattern, Tally tally) {
        Path literal = path(pattern);
        if (literal != null && Files.exists(literal)) {
            return list(literal, tally);
        }
        if (!GLOB_SIGN.matcher(pattern).find()) {
            throw new IllegalArgumentException("text files and folders must exist: not found [" + pattern + "]");
        }
        SortedMap<String, Path> files = match(pattern, tally);
        if (files.isEmpty()) {
            throw new IllegalArgumentException("a pattern must match a file: " + pattern
                    + " matches none; quote it ('...') if the shell should leave it alone, and use **/ for folders");
        }
        return files;
    }

    /// Lists the files under a root.
    static SortedMap<String, Path> list(Path root, Tally tally) {
        return list(root, Integer.MAX_VALUE, tally);
    }

    private static SortedMap<String, Path> match(String pattern, Tally tally) {
        String[] names = pattern.replace(File.separatorChar, '/').split("/", -1);
        int fixed = 0;
        while (!GLOB_SIGN.matcher(names[fixed]).find()) {
            fixed++;
        }
        String base = String.join("/", List.of(names).subList(0, fixed));
        String rest = String.join("/", List.of(names).subList(fixed, names.length));
        Path folder = Path.of(fixed == 0 ? "." : base.isEmpty() ? "/" : base)
                .toAbsolutePath()
                .normalize();
        if (!Files.isDirectory(folder)) {
            throw new IllegalArgumentException(
                    "a pattern must begin with a folder that exists: " + pattern + " begins with " + folder);
        }
        List<PathMatcher> matchers = matchers(pattern, rest);
        SortedMap<String, Path> files =
                list(folder, rest.contains("**") ? Integer.MAX_VALUE : names.length - fixed, tally);
        files.values().removeIf(file -> matchers.stream().noneMatch(m -> m.matches(folder.relativize(file))));
        return files;
    }

    /// Java's `**/` needs a folder, a shell's does not.
    private static List<PathMatcher> matchers(String pattern, String glob) {
        var matchers = new ArrayList<PathMatcher>();
        try {
            matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + glob));
            if (glob.contains("**/")) {
                matchers.add(FileSystems.getDefault().getPathMatcher("glob:" + glob.replace("**/", "")));
            }
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "a pattern has *, **, ?, [a-z] and {a,b}: " + pattern + " does not parse: " + e.getDescription(),
                    e);
        }
        return matchers;
    }

    private static @Nullable Path path(String pattern) {
        try {
            return Path.of(pattern);
        } catch (InvalidPathException e) {
            return null; // Windows allows no * in a path.
        }
    }

    private static SortedMap<String, Path> list(Path root, int depth, Tally tally) {
        var files = new TreeMap<String, Path>();
        Path start = root.toAbsolutePath().normalize();
        Path base = start.getParent() == null ? start : start.getParent();
        var visitor = new SimpleFileVisitor<Path>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                return isHidden(folder) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (!isHidden(file) && !attributes.isDirectory()) {
                    files.put(base.relativize(file).toString().replace(File.separatorChar, '/'), file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) {
                tally.skip(
                        file.toString(),
                        e instanceof FileSystemLoopException ? "a link to its own folder" : "unreadable: " + e);
                return FileVisitResult.CONTINUE;
            }

            private boolean isHidden(Path path) {
                return !path.equals(start) && path.getFileName().toString().startsWith(".");
            }
        };
        try {
            Files.walkFileTree(start, EnumSet.of(FileVisitOption.FOLLOW_LINKS), depth, visitor);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + root + ": " + e.getMessage(), e);
        }
        return files;
    }
}
