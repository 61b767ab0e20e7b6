package org.zebralm.train;

import org.zebralm.tensor.Tensor;

/// A way of taking the last layer's output to the loss and back.
interface LossPass {
    /// Returns the summed cross entropy of `[T, D]` against `targets`, and writes the gradient of `factor` times
    /// the summed loss, z-loss included, into `dHidden_TD`.
    double backward(Tensor hidden_TD, int[] targets, double factor, Tensor dHidden_TD);
}
