package org.zebralm.model;

import java.util.Collections;
import java.util.List;

/// The sizes of a local-global decoder, checked once.
///
/// `attentionTypes` has one entry per layer and is the only place that says which layer is global. Token ids
/// are -1 where the model has none.
public record ZebraConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHeads,
        int numKvHeads,
        int headDim,
        List<AttentionType> attentionTypes,
        double ropeTheta,
        double rmsNormEps,
        int maxPositions,
        boolean tieEmbeddings,
        int bosTokenId,
        int eosTokenId,
        int padTokenId) {
    public ZebraConfig {
        attentionTypes = List.copyOf(attentionTypes);
        atLeastOne("vocabSize", vocabSize);
        atLeastOne("hiddenSize", hiddenSize);
        atLeastOne("intermediateSize", intermediateSize);
        atLeastOne("numHeads", numHeads);
        atLeastOne("numKvHeads", numKvHeads);
        atLeastOne("headDim", headDim);
        atLeastOne("maxPositions", maxPositions);
        if (attentionTypes.isEmpty()) {
            throw new IllegalArgumentException("numLayers must be at least 1: got 0");
        }
        if (numHeads % numKvHeads != 0) {
            throw new IllegalArgumentException(
                    "numHeads must be a multiple of numKvHeads: got " + numHeads + " and " + numKvHeads);
        }
        if (headDim % 2 != 0) {
            throw new IllegalArgumentException("headDim must be even for rotary positions: got " + headDim);
        }
        if (!(ropeTheta > 1) || Double.isInfinite(ropeTheta)) {
            throw new IllegalArgumentException("ropeTheta must be finite and above 1: got " + ropeTheta);
        }
        if (!(rmsNormEps > 0 && rmsNormEps < 1)) {
            throw new IllegalArgumentException("rmsNormEps must be between 0 and 1: got " + rmsNormEps);
        }
        inVocabulary("bosTokenId", bosTokenId, vocabSize);
        inVocabulary("eosTokenId", eosTokenId, vocabSize);
        inVocabulary("padTokenId", padTokenId, vocabSize);
    }

    public int numLayers() {
        return attentionTypes.size();
    }

    /// Returns the same model with every layer global, which comparisons are made against.
    public ZebraConfig allGlobal() {
        return withAttentionTypes(Collections.nCopies(numLayers(), new AttentionType.Global()));
    }

    public ZebraConfig withAttentionTypes(List<AttentionType> types) {
        return new ZebraConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                numHeads,
                numKvHeads,
                headDim,
                types,
                ropeTheta,
                rmsNormEps,
                maxPositions,
                tieEmbeddings,
                bosTokenId,
                eosTokenId,
                padTokenId);
    }

    private static void atLeastOne(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + " must be at least 1: got " + value);
        }
    }

    private static void inVocabulary(String name, int id, int vocabSize) {
        if (id < -1 || id >= vocabSize) {
            throw new IllegalArgumentException(
                    name + " must be -1 or below vocabSize: got " + id + " with a vocabulary of " + vocabSize);
        }
    }
}
