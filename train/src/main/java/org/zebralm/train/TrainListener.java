package org.zebralm.train;

import java.nio.file.Path;
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
    default void onSaved(int step, Path checkpoint) {}

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
            public void onSaved(int step, Path checkpoint) {
                listeners.forEach(listener -> listener.onSaved(step, checkpoint));
            }
        };
    }
}
