package org.zebralm.train;

import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.model.DecoderLayer;
import org.zebralm.nn.Rope;
import org.zebralm.tensor.Tensor;

/// A way of taking layers forward and back.
interface LayerPass {
    /// Runs a layer forward on `[T, D]`; temporaries belong to the caller's scope, what is kept to the trace.
    LayerTrace forward(DecoderLayer layer, Tensor x_TD, Rope.Rotation rotation, CumulativeLengths lengths);
}
