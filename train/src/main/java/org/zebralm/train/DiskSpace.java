package org.zebralm.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// How much a folder's disk can still take.
@FunctionalInterface
public interface DiskSpace {
    /// Asks the system.
    DiskSpace OF_SYSTEM = DiskSpace::ofSystem;

    /// Returns the bytes that may be written below `folder`, which need not exist yet.
    long usable(Path folder);

    private static long ofSystem(Path folder) {
        Path existing = folder.toAbsolutePath();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            return Files.getFileStore(existing).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot ask for the free space of " + existing + ": " + e.getMessage(), e);
        }
    }
}
