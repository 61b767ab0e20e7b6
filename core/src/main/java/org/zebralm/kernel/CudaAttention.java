package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Device;
import org.zebralm.tensor.FlashAttention;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Attention on a CUDA device: libtorch's flash attention where it can, else [PortableAttention] on the same
/// device.
///
/// Flash attention takes float16 and bfloat16, heads up to 256 wide and no soft cap. What else it lacks is put
/// around it: widths are padded with zeros, sinks are joined to its result ([Sinks]), and the keys in reach of
/// each cached sequence are gathered from their pages, int8 ones restored, so that one call serves all
/// sequences.
///
/// Its gradients differ in the last bits from run to run.
final class CudaAttention implements AttentionKernel {
    /// Rows are read 16 bytes at a time.
    private static final int ALIGNMENT = 8;

    /// There are kernels for each multiple of 32 or 64 up to this width, and then one for the widest alone.
    private static final int MIDDLE_WIDTH = 192;

    private final Device device;
    private final Flash flash;
    private final PortableAttention portable = new PortableAttention();
    private final Packings packings;

    CudaAttention(Device device) {
        this(device, Flash.TORCH);
    }

    CudaAttention(Device device, Flash flash) {
        this.device = device;
        this.flash = flash;
        packings = new Packings(device);
    }

    @Override
    public String name() {
        return "cuda (" + device
                + ", libtorch's flash attention; blockwise for soft caps, float32 and heads wider than "
                + FlashAttention.MAX_WIDTH + ")";
    }

    @Override
    public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        Shapes.check(spec, q_TNH, sequences);
        checkDevice(q_TNH);
        if (!flashes(spec, q_TNH)) {
            return portable.forward(spec, q_TNH, sequences);
        }
        try (var _ = Autograd.recording(false)) {
            var gathered = GatheredKeys.of(spec.span(), sequences, q_TNH.dtype());
            return forward(spec, q_TNH, gathered.k_SKH(), gathered.v_SKH(), gathered.queryEnds(), gathered.keyEnds());
        }
    }

    @Override
    public AttentionOutput forward(
            AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        checkDevice(q_TNH);
        if (!flashes(spec, q_TNH)) {
            return portable.forward(spec, q_TNH, k_TKH, v_TKH, lengths);
        }
        try (var _ = Autograd.recording(false)) {
            int[] ends = lengths.bounds();
            return forward(spec, q_TNH, k_TKH, v_TKH, ends, ends);
        }
    }

    private synchronized AttentionOutput forward(
            AttentionSpec spec, Tensor q_TNH, Tensor k_SKH, Tensor v_SKH, int[] queryEnds, int[] keyEnds) {
        FlashAttention.Output output = flash.forward(
                queries(spec, q_TNH),
                padded(k_SKH),
                padded(v_SKH),
                packings.get(queryEnds, keyEnds),
                window(spec.span()),
                Math.abs(spec.scale()));
        var without = new AttentionOutput(trimmed(output.out_TNH(), q_TNH), output.logSumExp_NT());
        return spec.sinks_N() == null ? without : Sinks.joined(spec.sinks_N(), without);
    }

    @Override
    public synchronized AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH) {
        Shapes.check(spec, q_TNH, k_TKH, v_TKH, lengths);
        Shapes.checkSame("dOut", dOut_TNH, "q", q_TNH);
        Shapes.checkSame("out", output.out_TNH(), "q", q_TNH);
        Shapes.checkLogSumExp(output.logSumExp_NT(), q_TNH);
        checkDevice(q_TNH);
        if (!flashes(spec, q_TNH)) {
            return portable.backward(spec, q_TNH, k_TKH, v_TKH, lengths, output, dOut_TNH);
        }
        try (var _ = Autograd.recording(false)) {
            // With sinks, output and log-sum-exp are those with the sinks' share: the gradients are computed from these
            // two, and so are right as they are.
            int[] ends = lengths.bounds();
            FlashAttention.Gradients gradients = flash.backward(
                    queries(spec, q_TNH),
                    padded(k_TKH),
                    padded(v_TKH),
                    new FlashAttention.Output(
                            padded(output.out_TNH()), output.logSumExp_NT().contiguous()),
                    padded(dOut_TNH),
                    packings.get(ends, ends),
                    window(spec.span()),
                    Math.abs(spec.scale()));
            Tensor dq_TNH = trimmed(gradients.dq_TNH(), q_TNH);
            return new AttentionGradients(
                    spec.scale() < 0 ? dq_TNH.mulInPlace(-1) : dq_TNH,
                    trimmed(gradients.dk_SKH(), k_TKH),
                    trimmed(gradients.dv_SKH(), v_TKH),
                    Sinks.gradient(spec, output, dOut_TNH));
        }
    }

    private void checkDevice(Tensor q_TNH) {
        if (!q_TNH.device().equals(device)) {
            throw new IllegalArgumentException("q must be on " + device + ": got one on " + q_TNH.device());
        }
    }

    /// Returns whether a call goes to flash attention.
    static boolean flashes(AttentionSpec spec, Tensor q_TNH) {
        boolean half = q_TNH.dtype() == DType.FLOAT16 || q_TNH.dtype() == DType.BFLOAT16;
        return half && !spec.isCapped() && q_TNH.size(2) <= FlashAttention.MAX_WIDTH;
    }

    /// Flash attention finds a row's largest score before it scales, so the factor must be positive.
    private static Tensor queries(AttentionSpec spec, Tensor q_TNH) {
        return padded(spec.scale() < 0 ? q_TNH.mul(-1) : q_TNH);
    }

    /// Returns `x_TNH` as flash attention reads it: of a width it has, its rows aligned.
    static Tensor padded(Tensor x_TNH) {
        long width = x_TNH.size(2);
        long padded = width > MIDDLE_WIDTH ? FlashAttention.MAX_WIDTH : (width + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        if (padded == width) {
            return isAligned(x_TNH) ? x_TNH : x_TNH.copy().contiguous();
        }
        Tensor wide = Tensors.zeros(x_TNH.device(), x_TNH.dtype(), x_TNH.size(0), x_TNH.size(1), padded);
        wide.narrow(2, 0, width).copyInPlace(x_TNH);
        return wide;
    }

    private static boolean isAligned(Tensor x_TNH) {
        return x_TNH.stride(2) == 1
                && x_TNH.stride(0) % ALIGNMENT == 0
                && x_TNH.stride(1) % ALIGNMENT == 0
                && x_TNH.address() % (2 * ALIGNMENT) == 0;
    }

    private static Tensor trimmed(Tensor x_TNH, Tensor like) {
        return x_TNH.size(2) == like.size(2)
                ? x_TNH
                : x_TNH.narrow(2, 0, like.size(2)).contiguous();
    }

    private static long window(Span span) {
        return switch (span) {
            case Span.Global _ -> 0;
            case Span.Local(int window) -> window;
        };
    }

    /// The keys in reach of each sequence, one sequence after the other in one tensor, as flash attention wants
    /// them.
    record GatheredKeys(Tensor k_SKH, Tensor v_SKH, List<Integer> queries, List<Integer> keys) {
        static GatheredKeys of(Span span, List<Sequence> sequences, DType dtype) {
            List<Tensor> k = new ArrayList<>();
            List<Tensor> v = new ArrayList<>();
            List<Integer> queries = new ArrayList<>();
            List<Integer> keys = new ArrayList<>();
            for (Sequence sequence : sequences) {
                sequence.requireReach(span);
                long from = span.firstVisible(sequence.position());
                long end = sequence.position() + sequence.numRows();
                for (KeyRange range : sequence.keys()) {
                    if (range.end() > from) {
                        KeyRange reached = range.slice(Math.max(from, range.position()), range.end())
                                .to(dtype);
                        k.add(reached.k_SKH());
                        v.add(reached.v_SKH());
                    }
                }
                queries.add(sequence.numRows());
                keys.add((int) (end - from));
            }
            return new GatheredKeys(joined(k), joined(v), queries, keys);
        }

        private static Tensor joined(List<Tensor> parts) {
            return parts.size() == 1 ? parts.getFirst() : Tensors.cat(parts, 0);
        }

        int[] queryEnds() {
            return cumulative(queries);
        }

        int[] keyEnds() {
            return cumulative(keys);
        }

        private static int[] cumulative(List<Integer> lengths) {
            int[] ends = new int[lengths.size() + 1];
            for (int i = 0; i < lengths.size(); i++) {
                ends[i + 1] = Math.addExact(ends[i], lengths.get(i));
            }
            return ends;
        }
    }
}
