package org.zebralm.model;

import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.tensor.DType;

/// What a configuration costs: parameters, arithmetic, cache (the paper's efficiency tables).
///
/// FLOPs count a multiplication and an addition as two. Attention counts the pairs actually attended, `4 *
/// pairs * headDim` per head forward and 2.5 times that backward.
public record Cost(ZebraConfig config) {
    /// Returns the number of parameters, a tied head counted once.
    public long parameters() {
        long embedding = (long) config.vocabSize() * config.hiddenSize();
        long norms = (2L * config.numLayers() + 1) * config.hiddenSize();
        return embedding * (config.tieEmbeddings() ? 1 : 2) + config.numLayers() * layerMatrixParameters() + norms;
    }

    /// Returns the parameters that each token is multiplied with: all matrices, the head included, the
    /// embedding table not.
    public long matrixParameters() {
        return config.numLayers() * layerMatrixParameters() + (long) config.vocabSize() * config.hiddenSize();
    }

    private long layerMatrixParameters() {
        long attention =
                (long) config.hiddenSize() * config.headDim() * (2L * config.numHeads() + 2L * config.numKvHeads());
        return attention + 3L * config.hiddenSize() * config.intermediateSize();
    }

    /// Returns the FLOPs of attention over a sequence of `length` tokens, all layers, forward.
    public double attentionFlops(long length) {
        double pairs = 0;
        for (AttentionType type : config.attentionTypes()) {
            pairs += type.span().pairs(0, length);
        }
        return 4 * pairs * config.numHeads() * config.headDim();
    }

    /// Returns the forward FLOPs per token of a sequence of `length` tokens, averaged over its positions.
    public double flopsPerToken(long length) {
        return 2.0 * matrixParameters() + attentionFlops(length) / length;
    }

    /// Returns the training FLOPs per token: forward and backward, no credit for recomputation.
    public double trainingFlopsPerToken(long length) {
        return 6.0 * matrixParameters() + 3.5 * attentionFlops(length) / length;
    }

    /// Returns the training FLOPs of packed documents, each of which attends within itself alone.
    public double trainingFlops(CumulativeLengths lengths) {
        double pairs = 0;
        for (AttentionType type : config.attentionTypes()) {
            pairs += lengths.pairs(type.span());
        }
        return 6.0 * matrixParameters() * lengths.total() + 3.5 * 4 * pairs * config.numHeads() * config.headDim();
    }

    /// Returns the bytes that [KvCache] holds after `length` tokens.
    public long kvBytes(long length, DType dtype) {
        long perToken = 2L * config.numKvHeads() * config.headDim() * dtype.bytes();
        long tokens = 0;
        for (AttentionType type : config.attentionTypes()) {
            tokens += switch (type) {
                case AttentionType.Global _ -> GrowingCache.capacity(length);
                case AttentionType.Local(int window) -> window - 1;
            };
        }
        return tokens * perToken;
    }
}
