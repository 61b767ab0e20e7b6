package org.zebralm.generate;

import java.util.Arrays;
import java.util.Map;

/// What a request changes in the logits of single ids: bias, penalties, and end tokens that may not come yet.
///
/// Written into the row and taken back after the draw: only the ids concerned are touched, and no row is copied.
final class LogitEdits {
    private final SamplingConfig sampling;
    private final int[] biasedIds;
    private final double[] biases;
    private final int[] stopIds;
    private final TokenCounts seen = new TokenCounts();
    private int numOutput;

    private int[] changedIds = new int[64];
    private float[] originals = new float[64];
    private int numChanged;

    LogitEdits(SamplingConfig sampling, StopTokens stops, int... prompt) {
        this.sampling = sampling;
        Map<Integer, Double> bias = sampling.logitBias();
        this.biasedIds = bias.keySet().stream().mapToInt(id -> id).sorted().toArray();
        this.biases = Arrays.stream(biasedIds).mapToDouble(bias::get).toArray();
        this.stopIds = stops.ids();
        if (sampling.repetitionPenalty() != 1) {
            for (int id : prompt) {
                seen.addPrompt(id);
            }
        }
    }

    /// Adds a token to the output.
    void add(int id) {
        numOutput++;
        if (sampling.hasPenalties()) {
            seen.addOutput(id);
        }
    }

    /// Changes a row, whose first id stands at `from`.
    void apply(float[] logits, int from) {
        for (int i = 0; i < biasedIds.length; i++) {
            int at = from + biasedIds[i];
            change(logits, at, (float) (logits[at] + biases[i]));
        }
        if (sampling.repetitionPenalty() != 1) {
            double penalty = sampling.repetitionPenalty();
            for (int i = 0; i < seen.size(); i++) {
                int at = from + seen.id(i);
                double logit = logits[at];
                change(logits, at, (float) (logit < 0 ? logit * penalty : logit / penalty));
            }
        }
        if (sampling.presencePenalty() != 0 || sampling.frequencyPenalty() != 0) {
            for (int i = 0; i < seen.size(); i++) {
                int count = seen.count(i);
                if (count > 0) {
                    int at = from + seen.id(i);
                    double penalty = sampling.presencePenalty() + count * sampling.frequencyPenalty();
                    change(logits, at, (float) (logits[at] - penalty));
                }
            }
        }
        if (numOutput < sampling.minTokens()) {
            for (int id : stopIds) {
                change(logits, from + id, Float.NEGATIVE_INFINITY);
            }
        }
    }

    private void change(float[] logits, int at, float logit) {
        if (numChanged == changedIds.length) {
            changedIds = Arrays.copyOf(changedIds, 2 * numChanged);
            originals = Arrays.copyOf(originals, 2 * numChanged);
        }
        changedIds[numChanged] = at;
        originals[numChanged++] = logits[at];
        logits[at] = logit;
    }

    /// Takes all changes back, the last first: an id may have been changed more than once.
    void undo(float[] logits) {
        while (numChanged > 0) {
            numChanged--;
            logits[changedIds[numChanged]] = originals[numChanged];
        }
    }
}
