package org.zebralm.train;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.TensorLists;
import org.zebralm.train.Parameter.Role;

/// Moves all parameters of a model by their gradients: clips those, then lets the rule of each group work.
///
/// Its state lives with the [Parameters] and is saved with them. `updates` counts the updates made: fewer than
/// steps, if some were skipped.
final class Optimizer {
    private final Parameters parameters;
    private final OptimizerConfig config;
    private final List<Tensor> gradients;
    private final List<UpdateRule> rules;
    private final Counter updates;

    /// Makes the state of an optimizer that has not moved anything yet.
    Optimizer(Parameters parameters, OptimizerConfig config) {
        this.parameters = parameters;
        this.config = config;
        this.gradients = parameters.all().stream().map(Parameter::gradient).toList();
        try (var _ = Scope.open()) {
            this.updates = new Counter("updates", parameters);
            this.rules = rules();
        }
    }

    private List<UpdateRule> rules() {
        List<Parameter> matrices = new ArrayList<>();
        Map<Double, List<Parameter>> byDecay = new LinkedHashMap<>();
        for (Parameter parameter : parameters.all()) {
            if (config.kind() == OptimizerConfig.Kind.MUON && parameter.role() == Role.MATRIX) {
                matrices.add(parameter);
            } else {
                byDecay.computeIfAbsent(config.weightDecay(parameter.role()), _ -> new ArrayList<>())
                        .add(parameter);
            }
        }
        List<UpdateRule> rules = new ArrayList<>();
        if (!matrices.isEmpty()) {
            rules.add(new Muon(matrices, config.weightDecay(Role.MATRIX), config.muon(), parameters));
        }
        byDecay.forEach((decay, group) -> rules.add(new AdamW(group, decay, config, parameters)));
        return List.copyOf(rules);
    }

    /// Returns the Euclidean norm of all gradients together.
    double gradientNorm() {
        double squares = 0;
        for (double norm : TensorLists.norms(gradients)) {
            squares += norm * norm;
        }
        return Math.sqrt(squares);
    }

    /// Moves the parameters by their gradients, which have the finite norm `norm` and are scaled down to the
    /// largest one allowed.
    void update(double norm, double learningRate) {
        if (config.clipNorm() > 0 && norm > config.clipNorm()) {
            TensorLists.multiplyInPlace(gradients, config.clipNorm() / norm);
        }
        long update = updates.get() + 1;
        updates.set(update);
        rules.forEach(rule -> rule.update(update, learningRate));
        parameters.refreshLeaves();
    }

    /// Returns how many updates were made.
    long updates() {
        return updates.get();
    }

    /// Forgets the gradients collected.
    void clearGradients() {
        TensorLists.zeroInPlace(gradients);
    }
}
