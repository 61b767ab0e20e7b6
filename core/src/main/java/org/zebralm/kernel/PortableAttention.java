package org.zebralm.kernel;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Attention composed of libtorch operations, block of queries by block of queries.
///
/// Runs wherever libtorch does. For each block the keys it can see are gathered head-major, so a local layer
/// costs `O(T * (window + block))` and no mask is ever larger than a block against its keys. Grouped heads are
/// folded into the rows of their key-value head's product instead of repeating keys.
public final class PortableAttention implements AttentionKernel {
    /// Queries per block: small enough that a window of 257 wastes little at its edges, large enough for the
    /// matrix product.
    private static final int BLOCK = 128;

    @Override
    public String name() {
        return "portable (libtorch, blockwise)";
    }

    @Override
    public AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences) {
        Shapes.check(spec, q_TNH, sequences);
        DType inner = inner(q_TNH);
        Tensor out_TNH = Tensors.empty(q_TNH.dtype(), q_TNH.shape());
        Tensor lse_NT = Tensors.empty(inner, q_TNH.size(1), q_TNH.size(0));
        for (Sequence sequence : sequences) {
            sequence.requireReach(spec.span());
            for (Block block : Block.of(sequence, spec.span(), BLOCK)) {
                try (var _ = Scope.open();
                        var _ = Autograd.recording(false)) {
                    forward(spec, q_TNH, sequence, block, inner, out_TNH, lse_NT);
                }
            }
        }
        return new AttentionOutput(out_TNH, lse_NT);
    }

    private static void forward(
            AttentionSpec spec,
            Tensor q_TNH,
            Sequence sequence,
            Block block,
            DType inner,
            Tensor out_TNH,
            Tensor lse_NT) {
        KeyRange keys = block.gather(sequence.keys(), inner);
        long numKvHeads = keys.k_SKH().size(1);
        Tensor q_KRH = queriesByKvHead(q_TNH, block, numKvHeads, inner).mulInPlace(spec.scale());
        Tensor k_KSH = byHead(keys.k_SKH(), inner);
        Tensor v_KSH = byHead(keys.v_SKH(), inner);
        Tensor s_KRS = q_KRH.matmul(k_KSH.transpose(1, 2));
        if (spec.isCapped()) {
            s_KRS.mulInPlace(1 / spec.softCap()).tanhInPlace().mulInPlace(spec.softCap());
        }
        block.mask(s_KRS, spec.span());
        Tensor max_KR1 = s_KRS.max(2, true);
        if (spec.sinks_N() != null) {
            max_KR1 = max_KR1.maximum(sinks(spec.sinks_N(), block, numKvHeads, inner));
        }
        Tensor p_KRS = s_KRS.subInPlace(max_KR1).expInPlace();
        Tensor sum_KR1 = p_KRS.sum(2, true);
        if (spec.sinks_N() != null) {
            sum_KR1.addInPlace(
                    sinks(spec.sinks_N(), block, numKvHeads, inner).sub(max_KR1).expInPlace());
        }
        Tensor o_KRH = p_KRS.matmul(v_KSH).divInPlace(sum_KR1);
        out_TNH.narrow(0, block.firstRow(), block.numRows())
                .copyInPlace(rowsByQuery(o_KRH, block.numRows(), q_TNH.size(1)));
        lse_NT.narrow(1, block.firstRow(), block.numRows())
                .copyInPlace(sum_KR1.log().addInPlace(max_KR1).reshape(q_TNH.size(1), block.numRows()));
    }

    @Override
    public AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH) {
        List<Sequence> sequences = Sequence.packed(k_TKH, v_TKH, lengths);
        Shapes.check(spec, q_TNH, sequences);
        Shapes.checkSame("dOut", dOut_TNH, "q", q_TNH);
        Shapes.checkSame("out", output.out_TNH(), "q", q_TNH);
        Shapes.checkLogSumExp(output.logSumExp_NT(), q_TNH);
        DType inner = inner(q_TNH);
        long numKvHeads = k_TKH.size(1);
        Tensor dq_TNH = Tensors.empty(q_TNH.dtype(), q_TNH.shape());
        Tensor dk_KTH = Tensors.zeros(inner, numKvHeads, k_TKH.size(0), k_TKH.size(2));
        Tensor dv_KTH = Tensors.zeros(inner, numKvHeads, v_TKH.size(0), v_TKH.size(2));
        for (Sequence sequence : sequences) {
            for (Block block : Block.of(sequence, spec.span(), BLOCK)) {
                try (var _ = Scope.open();
                        var _ = Autograd.recording(false)) {
                    KeyRange keys = block.gather(sequence.keys(), inner);
                    long firstKeyRow = sequence.firstRow() + keys.position();
                    Tensor dk_KSH = dk_KTH.narrow(1, firstKeyRow, keys.length());
                    Tensor dv_KSH = dv_KTH.narrow(1, firstKeyRow, keys.length());
                    backward(spec, q_TNH, keys, block, output, dOut_TNH, inner, dq_TNH, dk_KSH, dv_KSH);
                }
            }
        }
        return new AttentionGradients(
                dq_TNH,
                dk_KTH.transpose(0, 1).to(k_TKH.dtype()).contiguous(),
                dv_KTH.transpose(0, 1).to(v_TKH.dtype()).contiguous(),
                sinkGradients(spec, output, dOut_TNH, inner));
    }

    /// A sink is a score whose value is zero: `d sink = sum over rows of -P * (dOut . out)`.
    private static @Nullable Tensor sinkGradients(
            AttentionSpec spec, AttentionOutput output, Tensor dOut_TNH, DType inner) {
        if (spec.sinks_N() == null) {
            return null;
        }
        try (var scope = Scope.open();
                var _ = Autograd.recording(false)) {
            Tensor delta_NT = output.out_TNH()
                    .to(inner)
                    .mul(dOut_TNH.to(inner))
                    .sum(2, false)
                    .transpose(0, 1);
            Tensor sinks_N1 = spec.sinks_N().to(inner).unsqueeze(1);
            Tensor p_NT = sinks_N1.sub(output.logSumExp_NT()).expInPlace();
            Tensor dSinks_N = p_NT.mulInPlace(delta_NT).sum(1, false).mulInPlace(-1);
            return scope.keep(dSinks_N.to(spec.sinks_N().dtype()));
        }
    }

    /// Returns each row's sink, `[K, (N / K) * rows, 1]`.
    private static Tensor sinks(Tensor sinks_N, Block block, long numKvHeads, DType inner) {
        long numHeads = sinks_N.size(0);
        return sinks_N.to(inner)
                .unsqueeze(1)
                .expand(numHeads, block.numRows())
                .reshape(numKvHeads, numHeads / numKvHeads * block.numRows(), 1);
    }

    private static void backward(
            AttentionSpec spec,
            Tensor q_TNH,
            KeyRange keys,
            Block block,
            AttentionOutput output,
            Tensor dOut_TNH,
            DType inner,
            Tensor dq_TNH,
            Tensor dk_KSH,
            Tensor dv_KSH) {
        long numHeads = q_TNH.size(1);
        long numKvHeads = keys.k_SKH().size(1);
        long rowsPerKvHead = numHeads / numKvHeads * block.numRows();
        Tensor q_KRH = queriesByKvHead(q_TNH, block, numKvHeads, inner).mulInPlace(spec.scale());
        Tensor dOut_KRH = queriesByKvHead(dOut_TNH, block, numKvHeads, inner);
        Tensor out_KRH = queriesByKvHead(output.out_TNH(), block, numKvHeads, inner);
        Tensor k_KSH = byHead(keys.k_SKH(), inner);
        Tensor v_KSH = byHead(keys.v_SKH(), inner);
        Tensor lse_KR1 = output.logSumExp_NT()
                .narrow(1, block.firstRow(), block.numRows())
                .reshape(numKvHeads, rowsPerKvHead, 1);
        Tensor s_KRS = q_KRH.matmul(k_KSH.transpose(1, 2));
        Tensor slope_KRS = null;
        if (spec.isCapped()) {
            // d (cap * tanh(s / cap)) = 1 - tanh^2
            s_KRS.mulInPlace(1 / spec.softCap()).tanhInPlace();
            slope_KRS = s_KRS.mul(s_KRS).mulInPlace(-1).addInPlace(1);
            s_KRS.mulInPlace(spec.softCap());
        }
        block.mask(s_KRS, spec.span());
        Tensor p_KRS = s_KRS.subInPlace(lse_KR1).expInPlace();
        dv_KSH.addInPlace(p_KRS.transpose(1, 2).matmul(dOut_KRH));
        // d softmax: dS = P * (dP - rowsum(dOut * out)); the row sum equals sum(P * dP) (FlashAttention, arXiv
        // 2205.14135, B.4).
        Tensor delta_KR1 = out_KRH.mulInPlace(dOut_KRH).sum(2, true);
        Tensor dS_KRS =
                dOut_KRH.matmul(v_KSH.transpose(1, 2)).subInPlace(delta_KR1).mulInPlace(p_KRS);
        if (slope_KRS != null) {
            dS_KRS.mulInPlace(slope_KRS);
        }
        dk_KSH.addInPlace(dS_KRS.transpose(1, 2).matmul(q_KRH)); // q carries the scale already
        Tensor dq_KRH = dS_KRS.matmul(k_KSH).mulInPlace(spec.scale());
        dq_TNH.narrow(0, block.firstRow(), block.numRows()).copyInPlace(rowsByQuery(dq_KRH, block.numRows(), numHeads));
    }

    private static DType inner(Tensor q) {
        return q.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    }

    /// `[T, N, H]` rows of the block to `[K, (N / K) * rows, H]`, a fresh copy.
    private static Tensor queriesByKvHead(Tensor x_TNH, Block block, long numKvHeads, DType inner) {
        Tensor rows_NRH = x_TNH.narrow(0, block.firstRow(), block.numRows()).transpose(0, 1);
        Tensor copy = Tensors.empty(inner, rows_NRH.shape()).copyInPlace(rows_NRH);
        return copy.reshape(numKvHeads, rows_NRH.size(0) / numKvHeads * block.numRows(), rows_NRH.size(2));
    }

    private static Tensor rowsByQuery(Tensor x_KRH, int numRows, long numHeads) {
        return x_KRH.reshape(numHeads, numRows, x_KRH.size(2)).transpose(0, 1);
    }

    private static Tensor byHead(Tensor x_SKH, DType inner) {
        return x_SKH.transpose(0, 1).to(inner).contiguous();
    }

    /// Some consecutive queries of a sequence and the positions `[firstKey, endKey)` that any of them sees.
    private record Block(int firstRow, int numRows, long position, long firstKey, long endKey) {
        static List<Block> of(Sequence sequence, Span span, int size) {
            List<Block> blocks = new ArrayList<>();
            for (int start = 0; start < sequence.numRows(); start += size) {
                int rows = Math.min(size, sequence.numRows() - start);
                long position = sequence.position() + start;
                blocks.add(new Block(
                        sequence.firstRow() + start, rows, position, span.firstVisible(position), position + rows));
            }
            return blocks;
        }

        /// Returns the keys of the block as one range: a view where one range holds them all, else a copy.
        KeyRange gather(List<KeyRange> ranges, DType dtype) {
            List<KeyRange> parts = new ArrayList<>();
            for (KeyRange range : ranges) {
                long from = Math.max(firstKey, range.position());
                long to = Math.min(endKey, range.end());
                if (from < to) {
                    parts.add(range.slice(from, to));
                }
            }
            if (parts.stream().anyMatch(part -> part.scales() != null)) {
                parts.replaceAll(part -> part.to(dtype));
            }
            return parts.size() == 1
                    ? parts.getFirst()
                    : new KeyRange(
                            Tensors.cat(parts.stream().map(KeyRange::k_SKH).toList(), 0),
                            Tensors.cat(parts.stream().map(KeyRange::v_SKH).toList(), 0),
                            firstKey);
        }

        /// Sets the scores of pairs that are not to be attended to minus infinity.
        void mask(Tensor s_KRS, Span span) {
            int numKeys = (int) (endKey - firstKey);
            boolean[] hidden = new boolean[numRows * numKeys];
            for (int row = 0; row < numRows; row++) {
                long query = position + row;
                long first = span.firstVisible(query);
                for (int key = 0; key < numKeys; key++) {
                    hidden[row * numKeys + key] = firstKey + key > query || firstKey + key < first;
                }
            }
            long groups = s_KRS.size(1) / numRows;
            Tensor mask = Tensors.of(hidden, 1, 1, numRows, numKeys);
            s_KRS.reshape(s_KRS.size(0), groups, numRows, numKeys).maskedFillInPlace(mask, Double.NEGATIVE_INFINITY);
        }
    }
}
