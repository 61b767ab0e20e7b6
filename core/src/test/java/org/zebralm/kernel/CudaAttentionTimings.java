package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;
import org.zebralm.tensor.Torch;

/// Prints how long attention takes on a CUDA device, bfloat16, 12 heads: flash and blockwise, a window and
/// global.
///
/// A main program, not a test. Each figure is the median of repetitions, each waited for; operations are
/// counted as 4 x pairs x width per head forward and 10 x backward.
final class CudaAttentionTimings {
    private static final Device GPU = Device.cuda(0);
    private static final int WINDOW = 513;

    private CudaAttentionTimings() {}

    public static void main(String[] args) {
        AttentionKernel flash = AttentionKernels.forDevice(GPU);
        System.out.printf("%s, libtorch %s%n", flash.name(), Torch.version());
        AttentionKernel blockwise = new PortableAttention();
        for (int width : new int[] {64, 128}) {
            for (int tokens : new int[] {4096, 8192, 16384, 32768, 65536}) {
                CumulativeLengths one = CumulativeLengths.single(tokens);
                time("flash", flash, width, one, WINDOW, AttentionSpec.NO_CAP);
                time("flash", flash, width, one, 0, AttentionSpec.NO_CAP);
                time("blockwise", blockwise, width, one, WINDOW, AttentionSpec.NO_CAP);
                if (tokens <= 16384) {
                    time("blockwise", blockwise, width, one, 0, AttentionSpec.NO_CAP);
                }
            }
            CumulativeLengths packed = documents(16, 4096);
            time("flash", flash, width, packed, WINDOW, AttentionSpec.NO_CAP);
            time("flash", flash, width, packed, 0, AttentionSpec.NO_CAP);
        }
        CumulativeLengths one = CumulativeLengths.single(8192);
        time("capped", flash, 256, one, 4096, 50);
        time("capped", flash, 256, one, 0, 50);
        for (int keys : new int[] {4096, 32768}) {
            decode(flash, keys, WINDOW);
            decode(flash, keys, 0);
        }
    }

    private static CumulativeLengths documents(int count, int length) {
        int[] bounds = new int[count + 1];
        for (int i = 0; i <= count; i++) {
            bounds[i] = i * length;
        }
        return CumulativeLengths.of(bounds);
    }

    private static void time(
            String name, AttentionKernel kernel, int width, CumulativeLengths lengths, int window, double cap) {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Span span = window == 0 ? Span.global() : new Span.Local(window);
            AttentionSpec spec = AttentionSpec.of(span, width).withSoftCap(cap);
            int tokens = lengths.total();
            Tensor q = values(1, tokens, 12, width);
            Tensor k = values(2, tokens, 12, width);
            Tensor v = values(3, tokens, 12, width);
            Tensor dOut = values(4, tokens, 12, width);
            AttentionOutput output = kernel.forward(spec, q, k, v, lengths);
            double forward = median(() -> kernel.forward(spec, q, k, v, lengths));
            double backward = median(() -> kernel.backward(spec, q, k, v, lengths, output, dOut));
            double flops = 4.0 * lengths.pairs(span) * width * 12;
            System.out.printf(
                    Locale.ROOT,
                    "%-9s width %3d T %5d (%2d documents) window %4d: forward %8.3f ms %6.1f TFLOP/s  backward %8.3f ms %6.1f TFLOP/s%n",
                    name,
                    width,
                    tokens,
                    lengths.count(),
                    window,
                    forward * 1e3,
                    flops / forward / 1e12,
                    backward * 1e3,
                    2.5 * flops / backward / 1e12);
        }
    }

    /// One query of each of 8 sequences, 12 query heads on 4, keys in one page.
    private static void decode(AttentionKernel kernel, int keys, int window) {
        try (var _ = Scope.open();
                var _ = Autograd.recording(false)) {
            Span span = window == 0 ? Span.global() : new Span.Local(window);
            List<Sequence> sequences = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                var range = new KeyRange(values(2 * i, keys, 4, 128), values(2 * i + 1, keys, 4, 128), 0);
                sequences.add(new Sequence(i, 1, keys - 1, List.of(range)));
            }
            Tensor q = values(99, 8, 12, 128);
            double seconds = median(() -> kernel.forward(AttentionSpec.of(span, 128), q, sequences));
            System.out.printf(
                    Locale.ROOT, "decode 8 sequences of %d keys, window %d: %.3f ms%n", keys, window, seconds * 1e3);
        }
    }

    private static Tensor values(int seed, int tokens, int heads, int width) {
        return Tensors.normal(1, seed, tokens, heads, width).to(GPU).to(DType.BFLOAT16);
    }

    private static double median(Runnable call) {
        List<Double> seconds = new ArrayList<>();
        long start = System.nanoTime();
        while (seconds.size() < 8 || (seconds.size() < 40 && System.nanoTime() - start < 400_000_000L)) {
            try (var _ = Scope.open()) {
                Torch.synchronize(GPU);
                long before = System.nanoTime();
                call.run();
                Torch.synchronize(GPU);
                seconds.add((System.nanoTime() - before) / 1e9);
            }
        }
        List<Double> sorted =
                seconds.subList(3, seconds.size()).stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
