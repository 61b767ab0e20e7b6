package org.zebralm.kernel;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.tensor.Torch;

/// Prints how fast attention runs, in GFLOP/s over the pairs attended to, beside the register tile's own peak.
///
/// A main program, not a test. Floating-point operations are counted as 4 x pairs x width per head forward and
/// 10 x backward. Each line gives the best and the median of its repetitions, and the tile's best in the same
/// seconds: on a busy machine compare ratios.
///
/// "per core" counts the processor time of the kernel's threads instead of the clock's, times the number of
/// threads: what an idle machine would give, as far as caches and clock rates allow.
///
/// For whoever works on the kernels; what users measure, libtorch and the portable kernel beside ours, is
/// `zebra bench`.
///
/// Arguments: `vector` | `decode` | `groups` | `packed` choose; none means all. `-Dseconds=2` sets the time for each
/// number.
final class AttentionTimings {
    private static final double SECONDS = Double.parseDouble(System.getProperty("seconds", "2"));

    private AttentionTimings() {}

    public static void main(String[] args) {
        List<String> chosen = Arrays.asList(args);
        System.out.printf(
                "%s, %s, libtorch %s%n",
                new VectorAttention(CpuPool.shared()).name(), System.getProperty("java.vm.version"), Torch.version());
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            for (String name : List.of("vector", "packed", "decode", "groups")) {
                if (!chosen.isEmpty() && !chosen.contains(name)) {
                    continue;
                }
                AttentionKernel kernel = new VectorAttention(CpuPool.shared());
                switch (name) {
                    case "packed" -> packed(kernel);
                    case "decode" -> decode(kernel);
                    case "groups" -> groups(kernel);
                    default -> square(kernel);
                }
            }
        }
    }

    private static void square(AttentionKernel kernel) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (int width : new int[] {64, 128}) {
                for (int tokens : new int[] {2048, 4096}) {
                    for (int window : new int[] {tokens, 513}) {
                        time(kernel, dtype, 12, 12, width, window, CumulativeLengths.single(tokens));
                    }
                }
            }
        }
    }

    private static void packed(AttentionKernel kernel) {
        for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
            for (int[] heads : new int[][] {{5, 5}, {8, 2}}) {
                for (int window : new int[] {512, 257}) {
                    time(kernel, dtype, heads[0], heads[1], 64, window, CumulativeLengths.of(0, 512, 1024, 1536, 2048));
                }
            }
        }
        int[] ends = new int[129];
        for (int i = 0; i < ends.length; i++) {
            ends[i] = 16 * i;
        }
        time(kernel, DType.FLOAT32, 8, 8, 64, 2048, CumulativeLengths.of(ends));
    }

    private static void time(
            AttentionKernel kernel,
            DType dtype,
            int heads,
            int kvHeads,
            int width,
            int window,
            CumulativeLengths lengths) {
        try (var _ = Scope.open()) {
            int tokens = lengths.total();
            Span span = window >= tokens ? Span.global() : new Span.Local(window);
            AttentionSpec spec = AttentionSpec.of(span, width);
            Tensor q = Tensors.normal(1, 1, tokens, heads, width).to(dtype);
            Tensor k = Tensors.normal(1, 2, tokens, kvHeads, width).to(dtype);
            Tensor v = Tensors.normal(1, 3, tokens, kvHeads, width).to(dtype);
            Tensor dOut = Tensors.normal(1, 4, tokens, heads, width).to(dtype);
            AttentionOutput output = kernel.forward(spec, q, k, v, lengths);
            double flops = 4.0 * lengths.pairs(span) * width * heads;
            Timing forward = Timing.of(() -> kernel.forward(spec, q, k, v, lengths));
            Timing backward = Timing.of(() -> kernel.backward(spec, q, k, v, lengths, output, dOut));
            double seconds = forward.best + backward.best;
            double cpu = forward.cpu + backward.cpu;
            System.out.printf(
                    Locale.ROOT,
                    "%-8s %-8s heads %2d/%2d width %3d T %4d (%3d documents) window %4d: forward %4.0f (per core %4.0f, %3.0f%% "
                            + "of tile)  backward %4.0f (%4.0f)  both %4.0f (%4.0f, %3.0f%%)  tile %3.0f GFLOP/s [%.1f, %.1f ms]%n",
                    kernel.name().substring(0, 8),
                    dtype.label(),
                    heads,
                    kvHeads,
                    width,
                    tokens,
                    lengths.count(),
                    window,
                    flops / forward.best / 1e9,
                    flops / forward.cpu / 1e9,
                    100 * flops / forward.cpu / forward.tile,
                    2.5 * flops / backward.best / 1e9,
                    2.5 * flops / backward.cpu / 1e9,
                    3.5 * flops / seconds / 1e9,
                    3.5 * flops / cpu / 1e9,
                    100 * 3.5 * flops / cpu / Math.max(forward.tile, backward.tile),
                    Math.max(forward.tile, backward.tile) / 1e9,
                    forward.best * 1e3,
                    backward.best * 1e3);
        }
    }

    /// Eight caches in turn, as the layers of a model have them, so that no cache level serves the repetitions.
    private static void decode(AttentionKernel kernel) {
        int keys = 32768;
        int layers = 8;
        for (int[] shape : new int[][] {{12, 12, 64}, {12, 12, 128}, {12, 4, 64}, {12, 3, 128}}) {
            for (boolean headMajor : new boolean[] {false, true}) {
                try (var _ = Scope.open()) {
                    List<Sequence> caches = new ArrayList<>();
                    for (int i = 0; i < 2 * layers; i += 2) {
                        caches.add(new Sequence(
                                0,
                                1,
                                keys - 1,
                                List.of(new KeyRange(
                                        cache(shape, keys, headMajor, i), cache(shape, keys, headMajor, i + 1), 0))));
                    }
                    Tensor q = Tensors.normal(1, 9, 1, shape[0], shape[2]).to(DType.BFLOAT16);
                    AttentionSpec spec = AttentionSpec.of(Span.global(), shape[2]);
                    int[] turn = {0};
                    Timing timing = Timing.of(() -> kernel.forward(spec, q, List.of(caches.get(turn[0]++ % layers))));
                    double bytes = 4.0 * keys * shape[1] * shape[2];
                    System.out.printf(
                            Locale.ROOT,
                            "decode bfloat16 heads %d/%d width %d, %d keys, %s-major: %.1f GB/s (median %.1f, per core %.1f)%n",
                            shape[0],
                            shape[1],
                            shape[2],
                            keys,
                            headMajor ? "head" : "token",
                            bytes / timing.best / 1e9,
                            bytes / timing.median / 1e9,
                            bytes / timing.cpu / 1e9);
                }
            }
        }
    }

    /// One and eight sequences of 32 heads on 4, in pages of 64 keys as the engine has them: a token's attention in 22
    /// layers, of enough caches in turn that keys come from memory.
    private static void groups(AttentionKernel kernel) {
        AttentionSpec spec = AttentionSpec.of(Span.global(), 64);
        for (int depth : new int[] {128, 512, 4096}) {
            for (int count : new int[] {1, 8}) {
                try (var _ = Scope.open()) {
                    int calls = 22 * Math.ceilDiv(150_000, depth * count * 22);
                    List<List<Sequence>> turns = new ArrayList<>();
                    for (int call = 0; call < calls; call++) {
                        List<Sequence> sequences = new ArrayList<>();
                        for (int row = 0; row < count; row++) {
                            sequences.add(new Sequence(row, 1, depth - 1, pages(depth)));
                        }
                        turns.add(sequences);
                    }
                    Tensor q = Tensors.normal(1, 9, count, 32, 64).to(DType.BFLOAT16);
                    int[] turn = {0};
                    Timing timing = Timing.of(() -> {
                        for (int layer = 0; layer < 22; layer++) {
                            kernel.forward(spec, q, turns.get(turn[0]++ % calls));
                        }
                    });
                    System.out.printf(
                            Locale.ROOT,
                            "decode bfloat16 heads 32/4 width 64, %d x %d keys: %.2f ms a token (median %.2f, per core %.2f)%n",
                            count,
                            depth,
                            timing.best * 1e3,
                            timing.median * 1e3,
                            timing.cpu * 1e3);
                }
            }
        }
    }

    private static List<KeyRange> pages(int keys) {
        List<KeyRange> pages = new ArrayList<>();
        int[] shape = {32, 4, 64};
        for (int from = 0; from < keys; from += 64) {
            int size = Math.min(64, keys - from);
            pages.add(new KeyRange(cache(shape, size, true, from), cache(shape, size, true, from + 1), from));
        }
        return pages;
    }

    private static Tensor cache(int[] shape, int keys, boolean headMajor, int seed) {
        return headMajor
                ? Tensors.normal(1, seed, shape[1], keys, shape[2])
                        .to(DType.BFLOAT16)
                        .transpose(0, 1)
                : Tensors.normal(1, seed, keys, shape[1], shape[2]).to(DType.BFLOAT16);
    }

    /// Seconds of a call by the clock and by its threads' processor time per thread, and the tile's operations
    /// a second.
    private record Timing(double best, double median, double cpu, double tile) {
        private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

        static Timing of(Runnable call) {
            List<Double> tiles = new ArrayList<>();
            List<Double> clock = new ArrayList<>();
            List<Double> cpu = new ArrayList<>();
            long start = System.nanoTime();
            while (clock.size() < 5 || System.nanoTime() - start < 2 * SECONDS * 1e9) {
                try (var _ = Scope.open()) {
                    double cpuBefore = cpuSeconds();
                    long before = System.nanoTime();
                    call.run();
                    double taken = (System.nanoTime() - before) / 1e9;
                    double cpuTaken = cpuSeconds() - cpuBefore;
                    if (System.nanoTime() - start > SECONDS * 1e9) { // the first half warms up
                        clock.add(taken);
                        cpu.add(cpuTaken / CpuPool.shared().numThreads());
                        double tileBefore = cpuSeconds();
                        tiles.add(runTile()
                                / (cpuSeconds() - tileBefore)
                                * CpuPool.shared().numThreads());
                    }
                }
            }
            clock.sort(null);
            cpu.sort(null);
            tiles.sort(null);
            int middle = clock.size() / 2;
            return new Timing(clock.getFirst(), clock.get(middle), cpu.get(middle), tiles.get(middle));
        }

        private static double cpuSeconds() {
            double sum = THREADS.getCurrentThreadCpuTime();
            for (long id : Workers.IDS) {
                sum += THREADS.getThreadCpuTime(id);
            }
            return sum / 1e9;
        }

        /// Runs the bare tile on every thread and returns its floating-point operations.
        private static double runTile() {
            int threads = CpuPool.shared().numThreads();
            int rounds = 40;
            CpuPool.Task task = workspace -> {
                for (int r = 0; r < rounds; r++) {
                    for (int row = 0; row < 64; row += 4) {
                        RegisterTile.multiply(
                                workspace.floats, row * 64, 64, 1, 4096, 64, 8192 + row * 64, Lanes.PER_BLOCK, false);
                    }
                }
            };
            CpuPool.shared().run(Collections.nCopies(threads, task), 12288);
            return 2.0 * threads * rounds * 64 * 64 * 64;
        }
    }

    private static final class Workers {
        static final long[] IDS = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("zebra-kernel"))
                .mapToLong(Thread::threadId)
                .toArray();
    }
}
