package org.zebralm.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.TensorLists;

/// The exponential moving average of a model's masters; `average.` of each is saved.
///
/// Update `n`, from 1, keeps `min(decay, (1 + n) / (10 + n))` of it, so that the first weights, which are random,
/// are soon forgotten (the rule of TensorFlow's `ExponentialMovingAverage` with `num_updates`).
final class WeightAverage {
    private final Parameters parameters;
    private final double decay;
    private final SequencedMap<String, Tensor> averages = new LinkedHashMap<>();

    /// Starts at the weights as they are.
    WeightAverage(Parameters parameters, double decay) {
        this.parameters = parameters;
        this.decay = decay;
        try (var _ = Scope.open()) {
            parameters
                    .weights()
                    .forEach((name, master) ->
                            averages.put(name, parameters.remember("average." + name, master.copy())));
        }
    }

    /// Takes the weights in as they are after an update.
    void update(long update) {
        double kept = Math.min(decay, (1.0 + update) / (10.0 + update));
        TensorLists.lerpInPlace(
                List.copyOf(averages.values()), List.copyOf(parameters.weights().values()), 1 - kept);
    }

    /// Returns the averages by the names of the weights.
    SequencedMap<String, Tensor> weights() {
        return averages;
    }

    /// Lets the model compute with the average, and the weights wait in its place; a second call undoes that.
    void swap() {
        SequencedMap<String, Tensor> weights = parameters.weights();
        averages.forEach((name, average) -> {
            try (var _ = Scope.open()) {
                Tensor master = Objects.requireNonNull(weights.get(name));
                Tensor copy = master.copy();
                master.copyInPlace(average);
                average.copyInPlace(copy);
            }
        });
        parameters.refreshLeaves();
    }
}
