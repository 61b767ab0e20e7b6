package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The backward pass of [PortableAttention], a block of queries at a time.
final class BlockBackward {
    private final AttentionSpec spec;
    private final Tensor q_TNH;
    private final AttentionOutput output;
    private final Tensor dOut_TNH;
    private final Precision precision;
    private final long numKvHeads;
    private final BlockSize size;
    private final Tensor dq_TNH;
    private final Tensor dk_KTH;
    private final Tensor dv_KTH;

    BlockBackward(AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, AttentionOutput output, Tensor dOut_TNH) {
        this.spec = spec;
        this.q_TNH = q_TNH;
        this.output = output;
        this.dOut_TNH = dOut_TNH;
        precision = Precision.of(q_TNH);
        numKvHeads = k_TKH.size(1);
        size = BlockSize.of(q_TNH);
        dq_TNH = Tensors.empty(q_TNH.device(), q_TNH.dtype(), q_TNH.shape());
        dk_KTH = Tensors.zeros(q_TNH.device(), precision.inner(), numKvHeads, k_TKH.size(0), k_TKH.size(2));
        dv_KTH = Tensors.zeros(q_TNH.device(), precision.inner(), numKvHeads, k_TKH.size(0), k_TKH.size(2));
    }

    AttentionGradients run(Stretch stretch) {
        Stretch.Edges edges = stretch.edges(q_TNH.device());
        for (Stretch.Block block : stretch.blocks(size.rows())) {
            try (var _ = Scope.open()) {
                run(stretch, block, edges);
            }
        }
        DType dtype = q_TNH.dtype();
        return new AttentionGradients(
                dq_TNH,
                dk_KTH.transpose(0, 1).to(dtype).contiguous(),
                dv_KTH.transpose(0, 1).to(dtype).contiguous(),
                Sinks.gradient(spec, output, dOut_TNH));
    }

    private void run(Stretch stretch, Stretch.Block block, Stretch.Edges edges) {
        Tensor q_KRH = Heads.folded(q_TNH, block, numKvHeads, precision.exact());
        Tensor dOut_KRH = Heads.folded(dOut_TNH, block, numKvHeads, precision.exact());
        Tensor roundedQ_KRH = q_KRH.to(precision.products());
        Tensor roundedDOut_KRH = dOut_KRH.to(precision.products());
        // d softmax: dS = P * (dP - rowsum(dOut * out)); the row sum equals sum(P * dP) (FlashAttention, arXiv
        // 2205.14135, B.4).
        Tensor delta_KR1 = Heads.folded(output.out_TNH(), block, numKvHeads, precision.inner())
                .mulInPlace(dOut_KRH)
                .sum(2, true);
        Tensor lse_KR1 = output.logSumExp_NT()
                .narrow(1, block.firstRow(), block.numRows())
                .reshape(numKvHeads, q_KRH.size(1), 1);
        Tensor dq_KRH = Tensors.zeros(q_TNH.device(), precision.inner(), q_KRH.shape());
        double cap = spec.isCapped() ? spec.softCap() : 1;
        for (int key = block.from(); key < block.to(); key += size.keys()) {
            try (var _ = Scope.open()) {
                int end = Math.min(key + size.keys(), block.to());
                Tensor k_KSH = stretch.keys(key, end, precision.exact());
                Tensor v_KSH = stretch.values(key, end, precision.exact());
                Tensor s_KRS = precision.product(q_KRH, k_KSH.transpose(1, 2), spec.scale() / cap);
                Tensor slope_KRS = cap(s_KRS);
                block.mask(s_KRS, key, end, edges);
                Tensor p_KRS = s_KRS.subInPlace(lse_KR1).expInPlace();
                Tensor roundedP_KRS = p_KRS.to(precision.products());
                Tensor dv_KSH = dv_KTH.narrow(1, key, end - (long) key);
                precision.addProduct(dv_KSH, roundedP_KRS.transpose(1, 2), roundedDOut_KRH, 1);
                Tensor dS_KRS = precision
                        .product(dOut_KRH, v_KSH.transpose(1, 2), 1)
                        .subInPlace(delta_KR1)
                        .mulInPlace(p_KRS);
                if (slope_KRS != null) {
                    dS_KRS.mulInPlace(slope_KRS);
                }
                Tensor roundedDS_KRS = dS_KRS.to(precision.products());
                Tensor dk_KSH = dk_KTH.narrow(1, key, end - (long) key);
                precision.addProduct(dk_KSH, roundedDS_KRS.transpose(1, 2), roundedQ_KRH, spec.scale());
                precision.addProduct(dq_KRH, roundedDS_KRS, k_KSH.to(precision.products()), spec.scale());
            }
        }
        Heads.unfold(dq_KRH, dq_TNH, block);
    }

    /// Bounds scores that were divided by the cap, and returns the bound's slope, `d (cap * tanh(s / cap)) = 1
    /// - tanh^2`, or null without one.
    private @Nullable Tensor cap(Tensor s_KRS) {
        if (!spec.isCapped()) {
            return null;
        }
        Tensor slope_KRS = s_KRS.tanhInPlace().mul(s_KRS).mulInPlace(-1).addInPlace(1);
        s_KRS.mulInPlace(spec.softCap());
        return slope_KRS;
    }
}
