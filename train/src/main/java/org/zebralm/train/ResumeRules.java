package org.zebralm.train;

import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which settings of a [TrainConfig] a run may change when it goes on, and why not the others.
///
/// What may change acts from the next step on and needs nothing of the saved state. What may not decides
/// which data a step reads, or what the saved tensors mean.
public final class ResumeRules {
    /// A group stands for everything in it.
    private static final Set<String> FREE = Set.of(
            "steps",
            "optimizer",
            "schedule",
            "loss",
            "guard.spikeFactor",
            "guard.maxSkipped",
            "ema.use",
            "compute",
            "recompute",
            "validateEvery",
            "saveEvery",
            "keepCheckpoints");

    private static final String POSITION = "with it a step would stand for other data than the run has read";

    private static final Map<String, String> BOUND = Map.of(
            "contextLength", POSITION,
            "batchRows", POSITION,
            "accumulation", POSITION,
            "seed", POSITION,
            "optimizer.kind", "the saved state is that of the other optimizer");

    private ResumeRules() {}

    /// Returns why a setting must stay as it was, or null if it may change; `key` is dotted.
    public static @Nullable String reasonToStay(String key) {
        for (String at = key; !at.isEmpty(); at = at.substring(0, Math.max(0, at.lastIndexOf('.')))) {
            String reason = BOUND.get(at);
            if (reason != null) {
                return reason;
            } else if (FREE.contains(at)) {
                return null;
            }
        }
        return "the saved state depends on it";
    }
}
