package org.zebralm.tensor;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory this machine can give to a process without swapping.
public final class FreeMemory {
    private static final Path MEMINFO = Path.of("/proc/meminfo");

    private FreeMemory() {}

    /// Returns bytes; on Linux what the kernel says is available, file caches that can go included, but no more than a
    /// container's limit leaves.
    public static long bytes() {
        var system = ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class);
        try {
            if (Files.exists(MEMINFO)) {
                return Math.min(available(Files.readString(MEMINFO)), system.getTotalMemorySize());
            }
        } catch (IOException e) {
            // The bean's answer is lower, never too high.
        }
        return system.getFreeMemorySize();
    }

    /// Returns what `/proc/meminfo` says is available.
    public static long available(String meminfo) {
        return ProcField.bytes(meminfo.lines(), "MemAvailable").orElse(Long.MAX_VALUE);
    }
}
