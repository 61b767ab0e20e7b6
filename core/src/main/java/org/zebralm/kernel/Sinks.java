package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// A learned logit per head in the softmax's denominator, without a value.
final class Sinks {
    private Sinks() {}

    /// Returns what attention with sinks gives, from what it gives without: the sink takes its share of the
    /// probability from all keys alike.
    ///
    /// `lse' = log(exp(lse) + exp(sink))` and `out' = out * exp(lse - lse')`.
    static AttentionOutput joined(Tensor sinks_N, AttentionOutput without) {
        Tensor lse_NT = without.logSumExp_NT();
        Tensor joined_NT = lse_NT.logAddExp(sinks_N.to(lse_NT.dtype()).unsqueeze(1));
        Tensor left_TN1 = lse_NT.sub(joined_NT).expInPlace().transpose(0, 1).unsqueeze(2);
        Tensor out_TNH = without.out_TNH();
        return new AttentionOutput(left_TN1.mul(out_TNH).to(out_TNH.dtype()), joined_NT);
    }

    /// Returns the sinks' gradient, or null without sinks. A sink is a score whose value is zero:
    /// `d sink = sum over rows of -P * (dOut . out)`.
    static @Nullable Tensor gradient(AttentionSpec spec, AttentionOutput output, Tensor dOut_TNH) {
        Tensor sinks_N = spec.sinks_N();
        if (sinks_N == null) {
            return null;
        }
        try (var scope = Scope.open()) {
            DType inner = output.logSumExp_NT().dtype();
            Tensor delta_NT = output.out_TNH()
                    .to(inner)
                    .mul(dOut_TNH.to(inner))
                    .sum(2, false)
                    .transpose(0, 1);
            Tensor p_NT =
                    sinks_N.to(inner).unsqueeze(1).sub(output.logSumExp_NT()).expInPlace();
            Tensor dSinks_N = p_NT.mulInPlace(delta_NT).sum(1, false).mulInPlace(-1);
            return scope.keep(dSinks_N.to(sinks_N.dtype()));
        }
    }
}
