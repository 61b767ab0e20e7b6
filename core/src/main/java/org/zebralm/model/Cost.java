package org.zebralm.model;

import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.CumulativeLengths;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.tensor.DType;

/// What a configuration costs: parameters, arithmetic, cache (the paper's efficiency tables).
///
/// FLOPs count a multiplication and an addition as two. Attention counts the pairs actually attended, `4 *
/// pairs * headDim` per head forward and 2.5 times that backward.
public record Cost(ZebraConfig config) {
    /// Returns the number of parameters, a tied head counted once.
    public long parameters() {
        long embedding = (long) config.vocabSize() * config.hiddenSize();
        Experts experts = kind().experts();
        return embedding * (config.tieEmbeddings() ? 1 : 2)
                + config.numLayers() * (layerMatrixParameters(experts == null ? 1 : experts.count()) + layerVectors())
                + config.hiddenSize();
    }

    /// Returns the parameters that each token is multiplied with: all matrices, the head included, the
    /// embedding table not, and of experts only those that a token is sent to.
    public long matrixParameters() {
        Experts experts = kind().experts();
        return config.numLayers() * layerMatrixParameters(experts == null ? 1 : experts.perToken())
                + (long) config.vocabSize() * config.hiddenSize();
    }

    private Architecture kind() {
        return config.architecture();
    }

    private long layerMatrixParameters(int experts) {
        long attention =
                (long) config.hiddenSize() * config.headDim() * (2L * config.numHeads() + 2L * config.numKvHeads());
        Experts all = kind().experts();
        long router = all == null ? 0 : (long) all.count() * config.hiddenSize();
        return attention + router + 3L * experts * config.hiddenSize() * config.intermediateSize();
    }

    /// Norms, biases and sinks of a layer.
    private long layerVectors() {
        long queryWidth = (long) config.numHeads() * config.headDim();
        long keyWidth = (long) config.numKvHeads() * config.headDim();
        long norms = switch (kind().normPlacement()) {
            case BEFORE, AFTER -> 2;
            case AROUND -> 4;
            case PARALLEL -> 1;
        };
        long queryKeyNorms = switch (kind().queryKeyNorm()) {
            case NONE -> 0;
            case HEAD -> 2L * config.headDim();
            case PROJECTION -> queryWidth + keyWidth;
        };
        long biases = (kind().queryKeyValueBias() ? queryWidth + 2 * keyWidth : 0)
                + (kind().outputBias() ? config.hiddenSize() : 0)
                + (kind().feedForwardBias() ? 2L * config.intermediateSize() + config.hiddenSize() : 0);
        Experts experts = kind().experts();
        long expertBiases =
                experts == null ? 0 : experts.count() * (1 + 2L * config.intermediateSize() + config.hiddenSize());
        return norms * config.hiddenSize()
                + queryKeyNorms
                + biases
                + expertBiases
                + (kind().hasSinks() ? config.numHeads() : 0);
    }

    /// Returns the bytes of all weights, those that are not quantized as `dtype`.
    ///
    /// @param quantization null where all are dense
    public long weightBytes(DType dtype, @Nullable QuantizationConfig quantization) {
        long bytes = parameters() * dtype.bytes();
        if (quantization == null) {
            return bytes;
        }
        long width = config.hiddenSize();
        long queryWidth = (long) config.numHeads() * config.headDim();
        long keyWidth = (long) config.numKvHeads() * config.headDim();
        long layer = saved(quantization, "", queryWidth, width, dtype)
                + 2 * saved(quantization, "", keyWidth, width, dtype)
                + saved(quantization, "", width, queryWidth, dtype);
        if (kind().experts() == null) {
            layer += 2 * saved(quantization, "", config.intermediateSize(), width, dtype)
                    + saved(quantization, "", width, config.intermediateSize(), dtype);
        }
        long ends = saved(quantization, QuantizationConfig.EMBEDDINGS, config.vocabSize(), width, dtype);
        if (!config.tieEmbeddings()) {
            ends += saved(quantization, QuantizationConfig.HEAD, config.vocabSize(), width, dtype);
        }
        return bytes - config.numLayers() * layer - ends;
    }

    private static long saved(QuantizationConfig quantization, String name, long out, long in, DType dtype) {
        return out * in * dtype.bytes() - quantization.bytes(name, out, in, dtype);
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

    /// Returns the bytes that an engine's pages of one sequence take after `length` tokens, the last of them added
    /// alone.
    public long pagedBytes(int length, DType dtype) {
        return PageLayout.of(config, dtype).bytes(length);
    }
}
