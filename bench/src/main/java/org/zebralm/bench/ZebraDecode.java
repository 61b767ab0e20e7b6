package org.zebralm.bench;

import java.util.Collections;
import java.util.List;
import org.zebralm.kernel.AttentionKernel;
import org.zebralm.kernel.AttentionSpec;
import org.zebralm.kernel.KeyRange;
import org.zebralm.kernel.Sequence;
import org.zebralm.kernel.Span;
import org.zebralm.model.AttentionType;
import org.zebralm.model.KvCache;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// One of our kernels for one query against the model's own cache: pages for a global layer, a ring for a local
/// one.
///
/// Listing the cache's pages is part of each call, as it is of each layer's when a model generates.
final class ZebraDecode implements Contender {
    private final AttentionKernel kernel;
    private final Lifetime lifetime = new Lifetime();
    private final AttentionSpec spec;
    private final long position;
    private final int numLayers;
    private final KvCache cache;
    private final Tensor q_1NH;
    private final KeyRange fresh;
    private int turn;

    ZebraDecode(AttentionCase attention, AttentionKernel kernel) {
        this.kernel = kernel;
        spec = AttentionSpec.of(attention.span(), attention.heads().headDim());
        position = attention.length() - 1L;
        numLayers = Caches.count(attention);
        cache = new KvCache(config(attention, numLayers), attention.dtype());
        try (var _ = Scope.open();
                Inputs inputs = Inputs.of(attention)) {
            if (position > 0) {
                cache.fill(new KeyRange(
                        inputs.k_TKH().narrow(0, 0, position), inputs.v_TKH().narrow(0, 0, position), 0));
            }
            q_1NH = lifetime.keep(inputs.q_TNH().copy());
            fresh = new KeyRange(
                    lifetime.keep(inputs.k_TKH().narrow(0, position, 1).copy()),
                    lifetime.keep(inputs.v_TKH().narrow(0, position, 1).copy()),
                    position);
        }
    }

    /// A model of as many layers as there are caches, all alike; what is not about attention is as small as can
    /// be.
    private static ZebraConfig config(AttentionCase attention, int numLayers) {
        HeadShape heads = attention.heads();
        AttentionType type = switch (attention.span()) {
            case Span.Global _ -> new AttentionType.Global();
            case Span.Local(int window) -> new AttentionType.Local(window);
        };
        return new ZebraConfig(
                1,
                1,
                1,
                heads.numHeads(),
                heads.numKvHeads(),
                heads.headDim(),
                Collections.nCopies(numLayers, type),
                10_000,
                1e-5,
                attention.length(),
                true,
                -1,
                -1,
                -1);
    }

    @Override
    public List<Tensor> run() {
        int layer = turn++ % numLayers;
        var sequence = new Sequence(0, 1, position, cache.keys(layer, fresh));
        return List.of(kernel.forward(spec, q_1NH, List.of(sequence)).out_TNH());
    }

    @Override
    public void close() {
        cache.close();
        lifetime.close();
    }
}
