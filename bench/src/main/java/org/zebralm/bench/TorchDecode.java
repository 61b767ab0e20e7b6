package org.zebralm.bench;

import java.util.ArrayList;
import java.util.List;
import org.zebralm.tensor.Autograd;
import org.zebralm.tensor.BlasThreads;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// libtorch's attention for one query against keys and values that lie head-major without gaps, as PyTorch
/// programs cache them.
///
/// As in [TorchPass], OpenBLAS has one thread meanwhile. A local layer's cache holds the window only, so there
/// is nothing to mask. Grouped heads are repeated beforehand.
final class TorchDecode implements Contender {
    private record Cache(Tensor k_1NSH, Tensor v_1NSH) {}

    private final Lifetime lifetime = new Lifetime();
    private final List<Cache> caches = new ArrayList<>();
    private final Tensor q_1N1H;
    private final double scale;
    private int turn;

    TorchDecode(AttentionCase attention) {
        scale = 1 / Math.sqrt(attention.heads().headDim());
        try (var _ = Scope.open();
                Inputs inputs = Inputs.of(attention)) {
            q_1N1H = lifetime.keep(TorchLayout.headMajor(inputs.q_TNH()).copy());
            long first = attention.span().firstVisible(attention.length() - 1L);
            Tensor k_1NSH = cached(inputs.k_TKH(), first, attention);
            Tensor v_1NSH = cached(inputs.v_TKH(), first, attention);
            for (int i = Caches.count(attention); i > 0; i--) {
                caches.add(new Cache(lifetime.keep(k_1NSH.copy()), lifetime.keep(v_1NSH.copy())));
            }
        }
    }

    private static Tensor cached(Tensor x_TKH, long first, AttentionCase attention) {
        int groups = attention.heads().numHeads() / attention.heads().numKvHeads();
        Tensor visible_SKH = x_TKH.narrow(0, first, attention.length() - first);
        return TorchLayout.headMajor(TorchLayout.repeated(visible_SKH, groups)).contiguous();
    }

    @Override
    public Turn turn() {
        return BlasThreads.limit(1)::close;
    }

    @Override
    public List<Tensor> run() {
        Cache cache = caches.get(turn++ % caches.size());
        try (var _ = Autograd.recording(false)) {
            return List.of(
                    Functional.scaledDotProductAttention(q_1N1H, cache.k_1NSH, cache.v_1NSH, null, false, scale));
        }
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
