package org.zebralm.nn;

import org.zebralm.tensor.Tensor;

/// The part of a layer that works on each token by itself.
public sealed interface FeedForward permits GatedFeedForward, ExpertsFeedForward {
    /// Maps `[T, D]` to `[T, D]`.
    Tensor forward(Tensor x_TD);
}
