package org.zebralm.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionKernels;
import org.zebralm.tensor.Torch;

/// What this process runs on.
final class Machine {
    private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
    /// What decides how waiting threads and freed memory behave, and so how fast everything is (`results/`).
    private static final List<String> ENVIRONMENT = List.of(
            "OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_THREAD_TIMEOUT", "GLIBC_TUNABLES");

    private Machine() {}

    /// Returns the attention that models run with here.
    static AttentionKernel attention() {
        return AttentionKernels.forThisMachine();
    }

    /// Returns the name of the attention that models run with here, without what only a process knows that
    /// loaded it: the launcher starts `inspect` without the Vector module, whose warning nobody wants there,
    /// and libtorch.
    static String attentionName() {
        if (ModuleFinder.ofSystem().find("jdk.incubator.vector").isEmpty()) {
            return "portable (libtorch, blockwise)";
        }
        return "vector%s"
                .formatted(vectorLanes().stream()
                        .mapToObj(lanes -> " (%d lanes of float32)".formatted(lanes))
                        .collect(Collectors.joining()));
    }

    /// Returns the float32 lanes of the widest vectors that C2 uses here, at most 16: what the Vector API
    /// prefers.
    private static OptionalLong vectorLanes() {
        try {
            var hotSpot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            long bytes = Long.parseLong(hotSpot.getVMOption("MaxVectorSize").getValue());
            return OptionalLong.of(Math.min(16, bytes / Float.BYTES));
        } catch (IllegalArgumentException e) {
            return OptionalLong.empty(); // a JVM without C2
        }
    }

    /// Returns the processor's name.
    static String cpu() {
        try (Stream<String> lines = Files.lines(CPU_INFO)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElseGet(Machine::architecture);
        } catch (IOException e) {
            return architecture(); // not Linux
        }
    }

    /// Returns the processor and how many of them, for people.
    static String processors() {
        return "%s, %d processors".formatted(cpu(), Runtime.getRuntime().availableProcessors());
    }

    private static String architecture() {
        return System.getProperty("os.arch", "unknown processor");
    }

    /// Returns what a measurement depends on, as lines for people. Loads libtorch.
    static String describe() {
        String environment = ENVIRONMENT.stream()
                .filter(name -> System.getenv(name) != null)
                .map(name -> name + "=" + System.getenv(name))
                .collect(Collectors.joining(" "));
        return """
                machine    %s, %d processors, %s
                software   %s; libtorch %s, %d threads
                kernels    %s
                settings   %s""".formatted(
                        cpu(),
                        Runtime.getRuntime().availableProcessors(),
                        System.getProperty("os.name"),
                        Version.line(),
                        Torch.version(),
                        Torch.numThreads(),
                        attention().name(),
                        environment.isEmpty() ? "none in the environment" : environment);
    }

    /// Adds what a measurement depends on to `node`, and returns it. Loads libtorch.
    static ObjectNode describe(ObjectNode node) {
        node.put("cpu", cpu())
                .put("processors", Runtime.getRuntime().availableProcessors())
                .put("os", System.getProperty("os.name") + " " + architecture())
                .put("jvm", System.getProperty("java.vm.name") + " " + Runtime.version())
                .put("zebra", Version.line())
                .put("libtorch", Torch.version())
                .put("threads", Torch.numThreads())
                .put("attention", attention().name());
        ObjectNode environment = node.putObject("environment");
        ENVIRONMENT.stream()
                .filter(name -> System.getenv(name) != null)
                .forEach(name -> environment.put(name, System.getenv(name)));
        return node;
    }
}
