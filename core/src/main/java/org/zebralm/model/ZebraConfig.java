package org.zebralm.model;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.zebralm.nn.RopeConfig;
import org.zebralm.nn.RopeScaling;

/// The sizes of a local-global decoder, checked once.
///
/// `attentionTypes` has one entry per layer and is the only place that says which layer is global; `ropes` has one
/// per layer as well. `intermediateSize` is that of one expert where there are experts. Token ids are -1 where the
/// model has none.
public record ZebraConfig(
        int vocabSize,
        int hiddenSize,
        int intermediateSize,
        int numHeads,
        int numKvHeads,
        int headDim,
        List<AttentionType> attentionTypes,
        List<RopeConfig> ropes,
        double normEps,
        int maxPositions,
        boolean tieEmbeddings,
        int bosTokenId,
        int eosTokenId,
        int padTokenId,
        Architecture architecture) {
    public ZebraConfig {
        attentionTypes = List.copyOf(attentionTypes);
        ropes = List.copyOf(ropes);
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
        if (ropes.size() != attentionTypes.size()) {
            throw new IllegalArgumentException(
                    "ropes must have an entry for each layer: got " + ropes.size() + " and " + attentionTypes.size());
        }
        if (headDim == 2 && ropes.stream().anyMatch(ZebraConfig::isDynamic)) {
            throw new IllegalArgumentException("headDim must be at least 4 for dynamic scaling: got 2");
        }
        if (!(normEps > 0 && normEps < 1)) {
            throw new IllegalArgumentException("normEps must be between 0 and 1: got " + normEps);
        }
        inVocabulary("bosTokenId", bosTokenId, vocabSize);
        inVocabulary("eosTokenId", eosTokenId, vocabSize);
        inVocabulary("padTokenId", padTokenId, vocabSize);
    }

    /// Makes a Llama-like configuration whose layers all have the usual rotation.
    public ZebraConfig(
            int vocabSize,
            int hiddenSize,
            int intermediateSize,
            int numHeads,
            int numKvHeads,
            int headDim,
            List<AttentionType> attentionTypes,
            double ropeTheta,
            double normEps,
            int maxPositions,
            boolean tieEmbeddings,
            int bosTokenId,
            int eosTokenId,
            int padTokenId) {
        this(
                vocabSize,
                hiddenSize,
                intermediateSize,
                numHeads,
                numKvHeads,
                headDim,
                attentionTypes,
                Collections.nCopies(attentionTypes.size(), RopeConfig.of(ropeTheta)),
                normEps,
                maxPositions,
                tieEmbeddings,
                bosTokenId,
                eosTokenId,
                padTokenId,
                Architecture.LLAMA);
    }

    private static boolean isDynamic(RopeConfig rope) {
        return rope instanceof RopeConfig.Rotary(double _, RopeScaling.DynamicNtk _);
    }

    public int numLayers() {
        return attentionTypes.size();
    }

    /// Returns the same model with every layer global, which comparisons are made against.
    public ZebraConfig allGlobal() {
        return withAttentionTypes(Collections.nCopies(numLayers(), new AttentionType.Global()));
    }

    /// Returns how all layers know positions, or nothing if they do not agree.
    public Optional<RopeConfig> sharedRope() {
        return ropes.stream().allMatch(ropes.getFirst()::equals) ? Optional.of(ropes.getFirst()) : Optional.empty();
    }

    public ZebraConfig withAttentionTypes(List<AttentionType> types) {
        return with(types, ropes, maxPositions);
    }

    public ZebraConfig withRopes(List<RopeConfig> others) {
        return with(attentionTypes, others, maxPositions);
    }

    /// Returns the same model for sequences of up to `positions` tokens: its limit, and what dynamic scaling is frozen
    /// at.
    public ZebraConfig withPositions(int positions) {
        List<RopeConfig> frozen = ropes.stream()
                .map(rope -> rope instanceof RopeConfig.Rotary(double theta, RopeScaling.DynamicNtk ntk)
                        ? new RopeConfig.Rotary(
                                theta, new RopeScaling.DynamicNtk(ntk.factor(), ntk.originalPositions(), positions))
                        : rope)
                .toList();
        return with(attentionTypes, frozen, positions);
    }

    private ZebraConfig with(List<AttentionType> types, List<RopeConfig> others, int positions) {
        return new ZebraConfig(
                vocabSize,
                hiddenSize,
                intermediateSize,
                numHeads,
                numKvHeads,
                headDim,
                types,
                others,
                normEps,
                positions,
                tieEmbeddings,
                bosTokenId,
                eosTokenId,
                padTokenId,
                architecture);
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
