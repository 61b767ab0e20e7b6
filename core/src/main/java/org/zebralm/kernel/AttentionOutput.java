package org.zebralm.kernel;

import org.zebralm.tensor.Tensor;

/// What attention leaves for the way back: the output `[T, N, H]` in the queries' dtype and the natural
/// log-sum-exp of each row's scaled scores, `[N, T]` in float32 (float64 for float64).
public record AttentionOutput(Tensor out_TNH, Tensor logSumExp_NT) {}
