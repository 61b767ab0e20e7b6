package org.zebralm.bench;

import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Queries, keys, values and the gradient of the output, as the projections of a model would lay them: token by
/// token.
record Inputs(Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, Tensor dOut_TNH, Lifetime lifetime) implements AutoCloseable {
    static Inputs of(AttentionCase attention) {
        HeadShape heads = attention.heads();
        int queries = attention.pass() == Pass.DECODE ? 1 : attention.length();
        var lifetime = new Lifetime();
        return new Inputs(
                normal(lifetime, attention, 1, queries, heads.numHeads()),
                normal(lifetime, attention, 2, attention.length(), heads.numKvHeads()),
                normal(lifetime, attention, 3, attention.length(), heads.numKvHeads()),
                normal(lifetime, attention, 4, queries, heads.numHeads()),
                lifetime);
    }

    private static Tensor normal(Lifetime lifetime, AttentionCase attention, long seed, int tokens, int numHeads) {
        try (var _ = Scope.open()) {
            Tensor values =
                    Tensors.normal(1, seed, tokens, numHeads, attention.heads().headDim());
            return lifetime.keep(values.to(attention.dtype()));
        }
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
