package org.zebralm.nn;

import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Weight;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// One row of width `D` per token of the vocabulary, weight `[V, D]`, dense or quantized.
public record Embedding(Weight matrix) {
    /// Makes a dense table.
    public Embedding(Tensor weight) {
        this(new DenseWeight(weight));
    }

    public static Embedding load(Params params, int vocabSize, int width, double initStd) {
        return new Embedding(params.weight("weight", new Init.Normal(initStd), vocabSize, width));
    }

    /// Returns the dense weight.
    ///
    /// @throws IllegalStateException if it is quantized: such a model is for inference
    public Tensor weight() {
        return new Linear(matrix, null).weight();
    }

    /// Maps ids `[T]` (int64) to `[T, D]`: of the weight's own type, or of `dtype` where it is quantized.
    public Tensor forward(Tensor ids_T, DType dtype) {
        return matrix instanceof DenseWeight(Tensor dense)
                ? Functional.embedding(dense, ids_T)
                : matrix.rows(ids_T.toLongs(), dtype);
    }
}
