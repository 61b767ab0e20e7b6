package org.zebralm.train;

import org.zebralm.tensor.Tensor;

/// One layer's pass over `[T, D]`: what the way back needs, until it is closed.
///
/// Made on the way forward, which also gives the layer's output; [#backward] is called once.
interface LayerTrace extends AutoCloseable {
    /// Returns the layer's output, to the scope in which the trace was made.
    Tensor output();

    /// Adds to the gradients of the layer's parameters, and returns that of its input, in the caller's scope.
    Tensor backward(Tensor dy_TD);

    /// Frees what is kept.
    @Override
    void close();
}
