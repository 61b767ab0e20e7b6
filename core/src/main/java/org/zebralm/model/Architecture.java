package org.zebralm.model;

import org.jspecify.annotations.Nullable;
import org.zebralm.nn.Activation;
import org.zebralm.nn.Norm;
import org.zebralm.nn.Rope;

/// In what a decoder differs from Llama, sizes and attention patterns aside: one decoder computes all families.
///
/// @param queryKeyValueBias whether the projections into attention have biases (Qwen 2)
/// @param outputBias whether the one out of it has
/// @param rotaryPairs which elements of a head are turned together
/// @param attentionScale the factor on scores, or 0 for `1 / sqrt(headDim)`
/// @param attentionSoftCap the bound on scores, or 0 for none (Gemma 2)
/// @param hasSinks whether each head has a logit that takes probability (gpt-oss)
/// @param embeddingScale the factor on embeddings, rounded to their type (Gemma: `sqrt(hiddenSize)`)
/// @param logitScale the factor on logits (Cohere)
/// @param logitSoftCap the bound on logits, or 0 for none (Gemma 2)
/// @param experts the experts of every layer's feed-forward part, or null for one dense part
public record Architecture(
        Norm.Kind norm,
        NormPlacement normPlacement,
        QueryKeyNorm queryKeyNorm,
        boolean queryKeyValueBias,
        boolean outputBias,
        boolean feedForwardBias,
        Activation activation,
        Rope.Pairs rotaryPairs,
        double attentionScale,
        double attentionSoftCap,
        boolean hasSinks,
        double embeddingScale,
        double logitScale,
        double logitSoftCap,
        @Nullable Experts experts) {
    /// Llama's, and Zebra's.
    public static final Architecture LLAMA = new Builder().build();

    public Architecture {
        if (!(attentionScale >= 0 && Double.isFinite(attentionScale))) {
            throw new IllegalArgumentException(
                    "attentionScale must be finite and above 0, or 0 for the usual one: got " + attentionScale);
        }
        requireCap("attentionSoftCap", attentionSoftCap);
        requireCap("logitSoftCap", logitSoftCap);
        requireFactor("embeddingScale", embeddingScale);
        requireFactor("logitScale", logitScale);
        if (experts != null && feedForwardBias) {
            throw new IllegalArgumentException("feedForwardBias must be false with experts, which have their own");
        }
    }

    private static void requireCap(String name, double cap) {
        if (!(cap >= 0 && Double.isFinite(cap))) {
            throw new IllegalArgumentException(name + " must be finite and above 0, or 0 for none: got " + cap);
        }
    }

    private static void requireFactor(String name, double factor) {
        if (!(factor > 0 && Double.isFinite(factor))) {
            throw new IllegalArgumentException(name + " must be finite and above 0: got " + factor);
        }
    }

    /// Collects the differences, starting from none.
    public static final class Builder {
        private Norm.Kind norm = Norm.Kind.RMS;
        private NormPlacement normPlacement = NormPlacement.BEFORE;
        private QueryKeyNorm queryKeyNorm = QueryKeyNorm.NONE;
        private boolean queryKeyValueBias;
        private boolean outputBias;
        private boolean feedForwardBias;
        private Activation activation = Activation.SILU;
        private Rope.Pairs rotaryPairs = Rope.Pairs.HALVES;
        private double attentionScale;
        private double attentionSoftCap;
        private boolean hasSinks;
        private double embeddingScale = 1;
        private double logitScale = 1;
        private double logitSoftCap;
        private @Nullable Experts experts;

        public Builder norm(Norm.Kind kind, NormPlacement placement) {
            norm = kind;
            normPlacement = placement;
            return this;
        }

        public Builder queryKeyNorm(QueryKeyNorm kind) {
            queryKeyNorm = kind;
            return this;
        }

        public Builder attentionBias(boolean queryKeyValue, boolean output) {
            queryKeyValueBias = queryKeyValue;
            outputBias = output;
            return this;
        }

        public Builder feedForwardBias(boolean has) {
            feedForwardBias = has;
            return this;
        }

        public Builder activation(Activation kind) {
            activation = kind;
            return this;
        }

        public Builder rotaryPairs(Rope.Pairs pairs) {
            rotaryPairs = pairs;
            return this;
        }

        public Builder attentionScale(double factor) {
            attentionScale = factor;
            return this;
        }

        public Builder attentionSoftCap(double cap) {
            attentionSoftCap = cap;
            return this;
        }

        public Builder sinks() {
            hasSinks = true;
            return this;
        }

        public Builder embeddingScale(double factor) {
            embeddingScale = factor;
            return this;
        }

        public Builder logitScale(double factor) {
            logitScale = factor;
            return this;
        }

        public Builder logitSoftCap(double cap) {
            logitSoftCap = cap;
            return this;
        }

        public Builder experts(Experts some) {
            experts = some;
            return this;
        }

        public Architecture build() {
            return new Architecture(
                    norm,
                    normPlacement,
                    queryKeyNorm,
                    queryKeyValueBias,
                    outputBias,
                    feedForwardBias,
                    activation,
                    rotaryPairs,
                    attentionScale,
                    attentionSoftCap,
                    hasSinks,
                    embeddingScale,
                    logitScale,
                    logitSoftCap,
                    experts);
        }
    }
}
