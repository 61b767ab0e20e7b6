package org.zebralm.bench;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.BlasThreads;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// libtorch's attention over a whole sequence, forward or forward and backward.
///
/// It gets head-major views of the projections' memory, as PyTorch programs give it. It knows no window: a
/// local layer takes a mask, made beforehand. Grouped heads are repeated beforehand too, which libtorch's CPU
/// kernel needs; neither is charged to it.
final class TorchPass implements Contender {
    private final boolean backward;
    private final double scale;
    private final Inputs inputs;
    private final Tensor q_1NTH;
    private final Tensor k_1NTH;
    private final Tensor v_1NTH;
    private final Tensor dOut_1NTH;
    private final @Nullable Tensor mask_TT;

    TorchPass(AttentionCase attention) {
        backward = attention.pass() == Pass.FORWARD_BACKWARD;
        scale = 1 / Math.sqrt(attention.heads().headDim());
        inputs = Inputs.of(attention);
        int groups = attention.heads().numHeads() / attention.heads().numKvHeads();
        try (var _ = Scope.open()) {
            q_1NTH = leaf(TorchLayout.headMajor(inputs.q_TNH()));
            k_1NTH = leaf(TorchLayout.headMajor(TorchLayout.repeated(inputs.k_TKH(), groups)));
            v_1NTH = leaf(TorchLayout.headMajor(TorchLayout.repeated(inputs.v_TKH(), groups)));
            dOut_1NTH = inputs.lifetime().keep(TorchLayout.headMajor(inputs.dOut_TNH()));
            mask_TT = TorchLayout.mask(attention);
            if (mask_TT != null) {
                inputs.lifetime().keep(mask_TT);
            }
        }
    }

    private Tensor leaf(Tensor x) {
        return inputs.lifetime().keep(backward ? x.asLeaf() : x);
    }

    @Override
    public Turn turn() {
        return BlasThreads.limit(1)::close;
    }

    @Override
    public List<Tensor> run() {
        try (var _ = Autograd.recording(backward)) {
            Tensor out_1NTH =
                    Functional.scaledDotProductAttention(q_1NTH, k_1NTH, v_1NTH, mask_TT, mask_TT == null, scale);
            if (!backward) {
                return List.of(out_1NTH);
            }
            Autograd.backward(List.of(out_1NTH), List.of(dOut_1NTH));
            return List.of(out_1NTH.detach(), takeGradient(q_1NTH), takeGradient(k_1NTH), takeGradient(v_1NTH));
        }
    }

    private static Tensor takeGradient(Tensor leaf) {
        Tensor gradient = Objects.requireNonNull(leaf.grad(), "backward gave a leaf no gradient");
        leaf.clearGrad();
        return gradient;
    }

    @Override
    public void close() {
        inputs.close();
    }
}
