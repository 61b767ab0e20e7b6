package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// One attention problem with random values, and the comparison of a kernel's answers with [LoopAttention]'s.
record AttentionCase(
        int numHeads,
        int numKvHeads,
        int width,
        CumulativeLengths lengths,
        int window,
        double scale,
        DType dtype,
        double spread,
        long seed,
        double softCap,
        boolean hasSinks) {
    /// A case without cap and sinks.
    AttentionCase(
            int numHeads,
            int numKvHeads,
            int width,
            CumulativeLengths lengths,
            int window,
            double scale,
            DType dtype,
            double spread,
            long seed) {
        this(numHeads, numKvHeads, width, lengths, window, scale, dtype, spread, seed, AttentionSpec.NO_CAP, false);
    }

    static AttentionCase of(int numHeads, int numKvHeads, int width, int window, DType dtype, int... bounds) {
        return new AttentionCase(
                numHeads,
                numKvHeads,
                width,
                CumulativeLengths.of(bounds),
                window,
                1 / Math.sqrt(width),
                dtype,
                1,
                width + window);
    }

    /// Draws shapes that stand at and off every block's edge.
    static AttentionCase random(Random random, DType dtype) {
        int numKvHeads = 1 + random.nextInt(3);
        int numHeads = numKvHeads * (1 + random.nextInt(4));
        int[] widths = {2, 6, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256};
        int width = widths[random.nextInt(widths.length)];
        int documents = random.nextInt(3) == 0 ? 1 : 1 + random.nextInt(12);
        int[] bounds = new int[documents + 1];
        for (int i = 0; i < documents; i++) {
            int most = documents == 1 ? 400 : random.nextBoolean() ? 8 : 90;
            bounds[i + 1] = bounds[i] + 1 + random.nextInt(most);
        }
        int[] windows = {1, 2, 16, 63, 64, 65, 100, 129, 1000, Integer.MAX_VALUE};
        int window = windows[random.nextInt(windows.length)];
        double scale = (random.nextInt(4) == 0 ? -1 : 1) / Math.sqrt(width);
        return new AttentionCase(
                numHeads,
                numKvHeads,
                width,
                CumulativeLengths.of(bounds),
                window,
                scale,
                dtype,
                1,
                random.nextLong(),
                random.nextInt(3) == 0 ? 0.3 + 2 * random.nextDouble() : AttentionSpec.NO_CAP,
                random.nextInt(3) == 0);
    }

    /// Returns this case with scores bounded.
    AttentionCase withSoftCap(double cap) {
        return new AttentionCase(
                numHeads, numKvHeads, width, lengths, window, scale, dtype, spread, seed, cap, hasSinks);
    }

    /// Returns this case with a sink for each head.
    AttentionCase withSinks() {
        return new AttentionCase(
                numHeads, numKvHeads, width, lengths, window, scale, dtype, spread, seed, softCap, true);
    }

    int tokens() {
        return lengths.total();
    }

    AttentionSpec spec() {
        return new AttentionSpec(
                window == Integer.MAX_VALUE ? Span.global() : new Span.Local(window),
                scale,
                softCap,
                hasSinks ? sinks() : null);
    }

    Tensor sinks() {
        return Tensors.normal(1, seed + 4, numHeads).to(dtype);
    }

    private int[] bounds() {
        return IntStream.rangeClosed(0, lengths.count())
                .map(i -> i == lengths.count() ? tokens() : lengths.start(i))
                .toArray();
    }

    Tensor q() {
        return values(0, numHeads, spread);
    }

    Tensor k() {
        return values(1, numKvHeads, spread);
    }

    Tensor v() {
        return values(2, numKvHeads, 1);
    }

    Tensor dOut() {
        return values(3, numHeads, 1);
    }

    private Tensor values(int which, int heads, double std) {
        return Tensors.normal(std, seed + which, tokens(), heads, width).to(dtype);
    }

    LoopAttention expected() {
        return expected(0);
    }

    LoopAttention expected(int firstRow) {
        return new LoopAttention(
                q().toDoubles(),
                k().toDoubles(),
                v().toDoubles(),
                dOut().toDoubles(),
                numHeads,
                numKvHeads,
                width,
                bounds(),
                window,
                scale,
                softCap,
                hasSinks ? sinks().toDoubles() : new double[0],
                firstRow);
    }

    /// Checks a kernel's output and gradients to `forward` and `backward` times the largest expected value.
    void check(AttentionKernel kernel, double forward, double backward) {
        check(kernel, q(), k(), v(), dOut(), forward, backward);
    }

    void check(AttentionKernel kernel, Tensor q, Tensor k, Tensor v, Tensor dOut, double forward, double backward) {
        LoopAttention expected = expected();
        AttentionOutput output = kernel.forward(spec(), q, k, v, lengths);
        close("out", output.out_TNH(), expected.out, forward);
        close("logSumExp", output.logSumExp_NT(), expected.logSumExp, dtype == DType.BFLOAT16 ? 1e-3 : forward);
        AttentionGradients gradients = kernel.backward(spec(), q, k, v, lengths, output, dOut);
        close("dq", gradients.dq_TNH(), expected.dq, backward);
        close("dk", gradients.dk_TKH(), expected.dk, backward);
        close("dv", gradients.dv_TKH(), expected.dv, backward);
        Tensor dSinks = gradients.dSinks_N();
        assertThat(dSinks != null).isEqualTo(hasSinks);
        if (dSinks != null) {
            close("dSinks", dSinks, expected.dSinks, backward);
            assertThat(dSinks.dtype()).isEqualTo(dtype);
        }
        assertThat(output.out_TNH().dtype()).isEqualTo(dtype);
        assertThat(gradients.dk_TKH().dtype()).isEqualTo(dtype);
    }

    void close(String name, Tensor actual, double[] expected, double tolerance) {
        double[] values = actual.toDoubles();
        assertThat(values).as(name + " of " + this).hasSameSizeAs(expected);
        double worst = 0;
        int where = 0;
        double largest = 0.1; // what should be zero is compared with values of about one
        for (int i = 0; i < values.length; i++) {
            double error = Math.abs(values[i] - expected[i]);
            largest = Math.max(largest, Math.abs(expected[i]));
            if (!(error <= worst)) { // so that NaN counts as worst
                worst = error;
                where = i;
            }
        }
        assertThat(worst / largest)
                .as("%s of %s: %s in place of %s at %d", name, this, values[where], expected[where], where)
                .isLessThanOrEqualTo(tolerance);
    }

    @Override
    public String toString() {
        return "%d/%d heads of %d, documents %s, window %d, scale %.3f, cap %s, %s, %s, seed %d"
                .formatted(
                        numHeads,
                        numKvHeads,
                        width,
                        Arrays.toString(bounds()),
                        window,
                        scale,
                        softCap,
                        hasSinks ? "sinks" : "no sinks",
                        dtype.label(),
                        seed);
    }
}
