package org.zebralm.model;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.zebralm.nn.Activation;
import org.zebralm.nn.Rope;

/// What is unusual about a decoder, in words.
public final class ArchitectureText {
    private ArchitectureText() {}

    /// Returns a phrase for each way in which an architecture differs from Llama's, none for Llama's own.
    public static List<String> differences(Architecture kind) {
        List<String> differences = new ArrayList<>();
        switch (kind.norm()) {
            case RMS -> {}
            case OFFSET_RMS -> differences.add("RMS norms that multiply with 1 + weight");
            case LAYER -> differences.add("layer norms (with a mean, without a bias)");
        }
        switch (kind.normPlacement()) {
            case BEFORE -> {}
            case AFTER -> differences.add("norms after attention and feed-forward part instead of before them");
            case AROUND -> differences.add("norms before and after attention and feed-forward part");
            case PARALLEL -> differences.add("attention and feed-forward part side by side behind one norm");
        }
        switch (kind.queryKeyNorm()) {
            case NONE -> {}
            case HEAD -> differences.add("a norm on each head's queries and keys");
            case PROJECTION -> differences.add("a norm on queries and on keys over all heads together");
        }
        if (kind.queryKeyValueBias()) {
            differences.add("biases on queries, keys and values");
        }
        if (kind.outputBias()) {
            differences.add("a bias on the attention's output");
        }
        if (kind.feedForwardBias()) {
            differences.add("biases in the feed-forward part");
        }
        if (kind.activation() != Activation.SILU) {
            differences.add("activation " + kind.activation().name().toLowerCase(Locale.ROOT) + " instead of silu");
        }
        if (kind.rotaryPairs() != Rope.Pairs.HALVES) {
            differences.add("neighbouring elements of a head rotated together");
        }
        addNumbers(kind, differences);
        if (kind.experts() != null) {
            differences.add(kind.experts().count() + " experts in each layer, of which a token uses "
                    + kind.experts().perToken());
        }
        return List.copyOf(differences);
    }

    private static void addNumbers(Architecture kind, List<String> differences) {
        if (kind.attentionScale() != 0) {
            differences.add("scores scaled by " + number(kind.attentionScale()) + " whatever the head's width");
        }
        if (kind.attentionSoftCap() != 0) {
            differences.add("scores capped at " + number(kind.attentionSoftCap()));
        }
        if (kind.hasSinks()) {
            differences.add("a sink in each head, which takes probability");
        }
        if (kind.embeddingScale() != 1) {
            differences.add("embeddings scaled by " + number(kind.embeddingScale()));
        }
        if (kind.logitScale() != 1) {
            differences.add("logits scaled by " + number(kind.logitScale()));
        }
        if (kind.logitSoftCap() != 0) {
            differences.add("logits capped at " + number(kind.logitSoftCap()));
        }
    }

    private static String number(double value) {
        return new BigDecimal(value)
                .round(new MathContext(4))
                .stripTrailingZeros()
                .toPlainString();
    }
}
