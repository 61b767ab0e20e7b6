package org.zebralm.kernel;

import org.zebralm.tensor.Tensor;

/// Gradients of queries `[T, N, H]`, keys and values `[T, K, H]`, in the dtype of what they belong to.
public record AttentionGradients(Tensor dq_TNH, Tensor dk_TKH, Tensor dv_TKH) {}
