package org.zebralm.train;

import java.nio.file.Path;

/// Told what a run does; called on the trainer's thread, between steps.
public interface TrainListener {
    /// After each step.
    default void onStep(StepReport report) {}

    /// After each validation: the mean loss per token in nats.
    default void onValidation(int step, double loss) {}

    /// After each checkpoint.
    default void onSaved(int step, Path checkpoint) {}

    /// Tells nobody.
    static TrainListener silent() {
        return new TrainListener() {};
    }
}
