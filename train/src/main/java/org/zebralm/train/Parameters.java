package org.zebralm.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Lifetime;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;

/// The trained tensors of a model, in the order of its construction; a source of parameters that hands out
/// their leaves.
final class Parameters implements Params.Source, AutoCloseable {
    /// Begins the names of the weights in a [#state].
    static final String WEIGHT = "weight.";

    private final Lifetime lifetime = new Lifetime();
    private final SequencedMap<String, Parameter> byName = new LinkedHashMap<>();
    private final SequencedMap<String, Tensor> remembered = new LinkedHashMap<>();
    private final Params.Source initial;
    private final IdentityHashMap<Tensor, Parameter> byLeaf = new IdentityHashMap<>();
    private final DType compute;

    /// Starts from the values that `initial` gives.
    Parameters(Params.Source initial, DType compute) {
        this.initial = initial;
        this.compute = compute;
    }

    @Override
    public Tensor get(String name, Init init, long... shape) {
        try (var _ = Scope.open()) {
            Parameter parameter = new Parameter(name, initial.get(name, init, shape), compute, lifetime);
            if (byName.putIfAbsent(name, parameter) != null) {
                throw new IllegalStateException("two parameters have the name " + name);
            }
            byLeaf.put(parameter.leaf(), parameter);
            return parameter.leaf();
        }
    }

    List<Parameter> all() {
        return List.copyOf(byName.values());
    }

    void collectGradients() {
        byName.values().forEach(Parameter::collectGradient);
    }

    /// Returns the float32 gradient of the parameter that a module computes with.
    Tensor gradient(Tensor leaf) {
        Parameter parameter = byLeaf.get(leaf);
        if (parameter == null) {
            throw new IllegalArgumentException("no parameter computes with " + leaf);
        }
        return parameter.gradient();
    }

    /// Adds the gradient of a product's weight, `[O, I]`: `dy_TO` transposed times `x_TI`.
    void addProduct(Tensor leaf_OI, Tensor dy_TO, Tensor x_TI) {
        Tensor gradient_OI = gradient(leaf_OI);
        Tensor dy_OT = dy_TO.transpose(0, 1);
        if (dy_TO.dtype() == DType.FLOAT32) {
            gradient_OI.addMatmulInPlace(dy_OT, x_TI);
        } else {
            try (var _ = Scope.open()) {
                gradient_OI.addInPlace(dy_OT.matmul(x_TI));
            }
        }
    }

    void refreshLeaves() {
        byName.values().forEach(Parameter::refreshLeaf);
    }

    /// Returns the master weights by name.
    SequencedMap<String, Tensor> weights() {
        SequencedMap<String, Tensor> weights = new LinkedHashMap<>();
        byName.forEach((name, parameter) -> weights.put(name, parameter.master()));
        return weights;
    }

    /// Keeps a tensor that must be saved with the weights, under a name of its own: a run's state is all it knows
    /// between two steps.
    Tensor remember(String name, Tensor initial) {
        if (remembered.putIfAbsent(name, initial) != null) {
            throw new IllegalStateException("two parts of a run's state have the name " + name);
        }
        return lifetime.keep(initial);
    }

    /// Returns all that a run must restore, by name: `weight.` of each parameter, and what is remembered beside
    /// them.
    SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        byName.forEach((name, parameter) -> state.put(WEIGHT + name, parameter.master()));
        state.putAll(remembered);
        return state;
    }

    /// Takes over what [#state] once gave.
    void restore(Map<String, Tensor> saved) {
        SequencedMap<String, Tensor> state = state();
        List<String> problems = new ArrayList<>();
        state.forEach((name, tensor) -> {
            Tensor value = saved.get(name);
            if (value == null) {
                problems.add("missing " + name);
            } else if (!Arrays.equals(value.shape(), tensor.shape())) {
                problems.add(name + " is " + value + ", expected " + tensor);
            }
        });
        saved.keySet().stream()
                .filter(name -> !state.containsKey(name))
                .forEach(name -> problems.add("unexpected " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "the saved state does not fit this model: " + String.join("; ", problems));
        }
        saved.forEach((name, value) -> Objects.requireNonNull(state.get(name)).copyInPlace(value));
        refreshLeaves();
    }

    @Override
    public void close() {
        lifetime.close();
    }
}
