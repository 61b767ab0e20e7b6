package org.zebralm.kernel;

import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// Each query head's sink in units of log 2, or none; and sums of their gradients.
final class SinkLogits {
    private final float[] logits;
    private final double[] gradients;

    /// Reads the sinks of a spec, with room for the gradients of `parts` parts that do not wait for each other.
    SinkLogits(AttentionSpec spec, int parts) {
        double[] values =
                spec.sinks_N() == null ? new double[0] : spec.sinks_N().toDoubles();
        logits = new float[values.length];
        for (int head = 0; head < values.length; head++) {
            logits[head] = ScoreUnits.log2((float) values[head]);
        }
        gradients = new double[parts * values.length];
    }

    boolean any() {
        return logits.length > 0;
    }

    float logit(int head) {
        return logits[head];
    }

    /// Adds to a head's gradient; one thread at a time per part and head.
    void addGradient(int part, int head, double gradient) {
        gradients[part * logits.length + head] += gradient;
    }

    /// Returns the gradients, summed in the order of the parts, or null where there are no sinks.
    @Nullable
    Tensor gradients(AttentionSpec spec) {
        if (spec.sinks_N() == null) {
            return null;
        }
        double[] sums = new double[logits.length];
        for (int i = 0; i < gradients.length; i++) {
            sums[i % sums.length] += gradients[i];
        }
        return Tensors.of(sums, sums.length).to(spec.sinks_N().dtype());
    }
}
