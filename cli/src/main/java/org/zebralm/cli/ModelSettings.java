package org.zebralm.cli;

import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// The shape of a model to be trained, without what the tokenizer and the context length decide.
record ModelSettings(
        int hiddenSize,
        int intermediateSize,
        int numLayers,
        int numHeads,
        int numKvHeads,
        int headDim,
        int layerGroupSize,
        int window,
        double ropeTheta,
        double rmsNormEps,
        boolean tieEmbeddings) {
    /// Returns a model of about 8 million parameters with a vocabulary of 8192: minutes on two cores.
    static ModelSettings small() {
        return new ModelSettings(256, 768, 8, 4, 2, 64, 4, 257, 10_000, 1e-5, true);
    }

    /// Returns the configuration for a tokenizer and a context; `endOfText` begins and ends documents.
    ZebraConfig config(int vocabSize, int contextLength, int endOfText) {
        return new ZebraConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                numHeads,
                numKvHeads,
                headDim,
                AttentionType.grouped(numLayers, layerGroupSize, window),
                ropeTheta,
                rmsNormEps,
                contextLength,
                tieEmbeddings,
                endOfText,
                endOfText,
                -1);
    }
}
