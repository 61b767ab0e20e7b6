package org.zebralm.train;

import java.util.List;

/// Told what a run does; called on the trainer's thread, between steps.
public interface TrainListener {
    /// Before the first step, and again when an interrupted run goes on.
    default void onStart(RunStart start) {}

    /// After each step.
    default void onStep(StepReport report) {}

    /// After each validation.
    default void onValidation(int step, Validation validation) {}

    /// After each checkpoint.
    default void onSaved(SaveReport report) {}

    /// When a checkpoint could not be written, and why; the run goes on.
    default void onNotSaved(int step, String reason) {}

    /// Tells nobody.
    static TrainListener silent() {
        return new TrainListener() {};
    }

    /// Tells each of them, in order.
    static TrainListener all(List<TrainListener> listeners) {
        return new TrainListener() {
            @Override
            public void onStart(RunStart start) {
                listeners.forEach(listener -> listener.onStart(start));
            }

            @Override
            public void onStep(StepReport report) {
                listeners.forEach(listener -> listener.onStep(report));
            }

            @Override
            public void onValidation(int step, Validation validation) {
                listeners.forEach(listener -> listener.onValidation(step, validation));
            }

            @Override
            public void onSaved(SaveReport report) {
                listeners.forEach(listener -> listener.onSaved(report));
            }

            @Override
            public void onNotSaved(int step, String reason) {
                listeners.forEach(listener -> listener.onNotSaved(step, reason));
            }
        };
    }
}
