package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Tensor;

/// Gradients of queries `[T, N, H]`, keys and values `[T, K, H]`, and of the sinks `[N]` where the spec has them,
/// each in the dtype of what it belongs to.
public record AttentionGradients(
        Tensor dq_TNH,
        Tensor dk_TKH,
        Tensor dv_TKH,
        @Nullable Tensor dSinks_N) {}
