package org.zebralm.train;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.zebralm.tensor.ProcField;

/// The most memory this process has had resident: Java heap, libtorch, mapped files.
public final class PeakMemory {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK = "VmHWM";

    /// Of `struct rusage` on 64-bit systems: two `timeval` of 16 bytes, then `ru_maxrss`.
    private static final MemoryLayout USAGE = MemoryLayout.sequenceLayout(18, ValueLayout.JAVA_LONG);

    private static final long MAX_RESIDENT = 32;

    private PeakMemory() {}

    /// Returns it in bytes, where the system tells: from `/proc` on Linux, by `getrusage` on other Unixes.
    public static OptionalLong bytes() {
        if (Files.exists(STATUS)) {
            return fromStatus();
        }
        String os = System.getProperty("os.name", "");
        // Apple counts bytes, others kilobytes.
        return os.startsWith("Windows") ? OptionalLong.empty() : fromUsage(os.startsWith("Mac") ? 1 : 1024);
    }

    static OptionalLong fromStatus() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return ProcField.bytes(lines, PEAK);
        } catch (IOException e) {
            return OptionalLong.empty(); // a sandbox may hide it
        }
    }

    @SuppressWarnings("restricted") // a call of the C library
    static OptionalLong fromUsage(long unit) {
        Linker linker = Linker.nativeLinker();
        var address = linker.defaultLookup().find("getrusage");
        if (address.isEmpty()) {
            return OptionalLong.empty();
        }
        var getrusage = linker.downcallHandle(
                address.get(), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment usage = arena.allocate(USAGE);
            int failed = (int) getrusage.invokeExact(0, usage);
            return failed == 0
                    ? OptionalLong.of(usage.get(ValueLayout.JAVA_LONG, MAX_RESIDENT) * unit)
                    : OptionalLong.empty();
        } catch (Throwable e) {
            throw new AssertionError("getrusage throws nothing", e);
        }
    }
}
