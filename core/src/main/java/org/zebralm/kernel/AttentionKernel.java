package org.zebralm.kernel;

import java.util.List;
import java.util.Optional;
import org.zebralm.tensor.Tensor;

/// Causal attention, global or within a window, with grouped-query heads, over packed or cached sequences.
///
/// Axes: `T` query tokens of all sequences, `N` query heads, `K` key-value heads (`N` a multiple of `K`; query
/// head `n` reads key-value head `n / (N / K)`), `H` head width. Tensors are strided views, usually of the
/// projections' own memory. Scores, softmax and sums are float32 whatever the storage type (float64 for
/// float64). Keys and values have the queries' dtype, or are int8 with scales; sinks have any. Gradients are explicit,
/// so that training can cut its graph here; neither method records history.
public interface AttentionKernel {
    /// Returns a short name for logs and `inspect`.
    String name();

    /// Computes `softmax(scale * q k^T) v` for each sequence over the keys its span allows, with the spec's cap
    /// and sinks.
    ///
    /// @throws IllegalArgumentException if shapes, dtypes or positions do not fit
    AttentionOutput forward(AttentionSpec spec, Tensor q_TNH, List<Sequence> sequences);

    /// Returns the gradients of queries, keys and values of packed documents, given that of the output.
    ///
    /// `output` must be what [#forward] returned for the same arguments; the probabilities are computed again
    /// from its log-sum-exp instead of being stored.
    AttentionGradients backward(
            AttentionSpec spec,
            Tensor q_TNH,
            Tensor k_TKH,
            Tensor v_TKH,
            CumulativeLengths lengths,
            AttentionOutput output,
            Tensor dOut_TNH);

    /// Returns what does the work between the matrix products on the same threads, if this kernel has such.
    default Optional<RowKernels> rows() {
        return Optional.empty();
    }

    /// Computes packed self-attention: documents never see each other.
    default AttentionOutput forward(
            AttentionSpec spec, Tensor q_TNH, Tensor k_TKH, Tensor v_TKH, CumulativeLengths lengths) {
        return forward(spec, q_TNH, Sequence.packed(k_TKH, v_TKH, lengths));
    }
}
