package org.zebralm.nn;

import org.zebralm.tensor.Functional;
import org.zebralm.tensor.Tensor;

/// One row of width `D` per token of the vocabulary, weight `[V, D]`.
public record Embedding(Tensor weight) {
    public static Embedding load(Params params, int vocabSize, int width, double initStd) {
        return new Embedding(params.get("weight", new Init.Normal(initStd), vocabSize, width));
    }

    /// Maps ids `[T]` (int64) to `[T, D]`.
    public Tensor forward(Tensor ids_T) {
        return Functional.embedding(weight, ids_T);
    }
}
