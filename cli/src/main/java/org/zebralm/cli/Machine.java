package org.zebralm.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;

/// What this process runs on.
final class Machine {
    private static final Path STATUS = Path.of("/proc/self/status");

    private Machine() {}

    /// Returns the attention that models run with here.
    static AttentionKernel attention() {
        return AttentionKernels.forThisMachine();
    }

    /// Returns the most memory this process has had resident, in bytes, where the system tells.
    static OptionalLong peakMemory() {
        try {
            return Files.readAllLines(STATUS).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                    .findFirst();
        } catch (IOException e) {
            return OptionalLong.empty(); // not Linux
        }
    }
}
