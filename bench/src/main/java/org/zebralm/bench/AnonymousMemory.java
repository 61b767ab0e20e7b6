package org.zebralm.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory of this process that no file backs (`RssAnon`), watched while something runs.
///
/// What is mapped from a file can be dropped whenever the system wants and is not in it. Linux only.
final class AnonymousMemory implements AutoCloseable {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final long PERIOD_MILLIS = 5;

    private final long before = now();
    private volatile long peak = before;
    private volatile boolean closed;
    private final Thread watcher =
            Thread.ofPlatform().daemon().name("zebra-anonymous-memory").start(this::watch);

    private void watch() {
        while (!closed) {
            peak = Math.max(peak, now());
            try {
                Thread.sleep(PERIOD_MILLIS);
            } catch (InterruptedException _) {
                return;
            }
        }
    }

    /// Returns the bytes that there are now beyond those at the beginning; 0 where the system does not say.
    long grown() {
        return now() - before;
    }

    /// Returns the most bytes beyond those at the beginning seen so far.
    long mostGrown() {
        return Math.max(peak, now()) - before;
    }

    private static long now() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("RssAnon:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .sum();
        } catch (IOException _) {
            return 0;
        }
    }

    @Override
    public void close() {
        closed = true;
        watcher.interrupt();
    }
}
