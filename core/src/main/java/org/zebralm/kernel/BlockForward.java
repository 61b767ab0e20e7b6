package org.zebralm.kernel;

import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The forward pass of [PortableAttention], a block of queries at a time.
///
/// Axes: `R` the block's rows of all heads of one key-value head, `S` the keys of one tile.
final class BlockForward {
    /// Below every score, and finite, so that differences of two maxima are numbers.
    private static final double LOWEST = -1e30;

    private final AttentionSpec spec;
    private final Tensor q_TNH;
    private final Precision precision;
    private final long numKvHeads;
    private final BlockSize size;
    final Tensor out_TNH;
    final Tensor lse_NT;

    BlockForward(AttentionSpec spec, Tensor q_TNH, long numKvHeads) {
        this.spec = spec;
        this.q_TNH = q_TNH;
        this.numKvHeads = numKvHeads;
        precision = Precision.of(q_TNH);
        size = BlockSize.of(q_TNH);
        out_TNH = Tensors.empty(q_TNH.device(), q_TNH.dtype(), q_TNH.shape());
        lse_NT = Tensors.empty(q_TNH.device(), precision.inner(), q_TNH.size(1), q_TNH.size(0));
    }

    void run(Stretch stretch) {
        Stretch.Edges edges = stretch.edges(q_TNH.device());
        for (Stretch.Block block : stretch.blocks(size.rows())) {
            try (var _ = Scope.open()) {
                run(stretch, block, edges);
            }
        }
    }

    private void run(Stretch stretch, Stretch.Block block, Stretch.Edges edges) {
        Tensor q_KRH = Heads.folded(q_TNH, block, numKvHeads, precision.exact());
        long rows = q_KRH.size(1);
        Tensor max_KR1 = Tensors.zeros(q_TNH.device(), precision.inner(), numKvHeads, rows, 1);
        Tensor sum_KR1 = Tensors.zeros(q_TNH.device(), precision.inner(), numKvHeads, rows, 1);
        Tensor o_KRH = Tensors.zeros(q_TNH.device(), precision.inner(), q_KRH.shape());
        Tensor sinks_N = spec.sinks_N();
        if (sinks_N == null) {
            max_KR1.addInPlace(LOWEST);
        } else { // a score without a value, met before all others
            max_KR1.addInPlace(Heads.folded(sinks_N.to(precision.inner()), block, numKvHeads));
            sum_KR1.addInPlace(1);
        }
        double cap = spec.isCapped() ? spec.softCap() : 1;
        for (int key = block.from(); key < block.to(); key += size.keys()) {
            try (var _ = Scope.open()) {
                int end = Math.min(key + size.keys(), block.to());
                Tensor k_KSH = stretch.keys(key, end, precision.exact());
                Tensor s_KRS = precision.product(q_KRH, k_KSH.transpose(1, 2), spec.scale() / cap);
                if (spec.isCapped()) {
                    s_KRS.tanhInPlace().mulInPlace(cap);
                }
                block.mask(s_KRS, key, end, edges);
                // The online softmax (arXiv 1805.02867): what was summed before shrinks as the maximum grows.
                Tensor newMax_KR1 = s_KRS.max(2, true).maximum(max_KR1);
                Tensor keep_KR1 = max_KR1.subInPlace(newMax_KR1).expInPlace();
                Tensor p_KRS = s_KRS.subInPlace(newMax_KR1).expInPlace();
                sum_KR1.mulInPlace(keep_KR1).addInPlace(p_KRS.sum(2, true));
                o_KRH.mulInPlace(keep_KR1);
                Tensor v_KSH = stretch.values(key, end, precision.products());
                precision.addProduct(o_KRH, p_KRS.to(precision.products()), v_KSH, 1);
                max_KR1.copyInPlace(newMax_KR1);
            }
        }
        Heads.unfold(o_KRH.divInPlace(sum_KR1), out_TNH, block);
        lse_NT.narrow(1, block.firstRow(), block.numRows())
                .copyInPlace(sum_KR1.log().addInPlace(max_KR1).reshape(q_TNH.size(1), block.numRows()));
    }
}
