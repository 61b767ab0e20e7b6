package org.zebralm.train;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.checkpoint.SealedFile;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Tensor;

/// The state of a run after some step, in one file: named tensors, and metadata with the step and the
/// configurations. Its checksums were right when it was opened.
public record Checkpoint(Path file, int step, TrainConfig config, ZebraConfig model) {
    private static final String STEP = "step";
    private static final String TRAIN = "train";
    private static final String MODEL = "model";

    /// Opens a state.
    ///
    /// @throws IllegalArgumentException if the file is damaged or no checkpoint, saying what is wrong
    /// @throws java.io.UncheckedIOException if it cannot be read
    public static Checkpoint open(Path file) {
        try (SafetensorsFile tensors = SealedFile.open(file)) {
            return of(tensors);
        }
    }

    static Checkpoint of(SafetensorsFile tensors) {
        try {
            return new Checkpoint(
                    tensors.path(),
                    Integer.parseInt(value(tensors, STEP)),
                    StateJson.read(TrainConfig.defaults(), tree(tensors, TRAIN), TrainConfig.class),
                    StateJson.read(tree(tensors, MODEL), ZebraConfig.class));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    tensors.path() + " is no checkpoint that this version can read: " + e.getMessage(), e);
        }
    }

    static Map<String, String> metadata(int step, TrainConfig config, ZebraConfig model) {
        return Map.of(
                STEP, Integer.toString(step),
                TRAIN, StateJson.tree(config).toString(),
                MODEL, StateJson.tree(model).toString());
    }

    private static ObjectNode tree(SafetensorsFile tensors, String key) {
        return StateJson.parse(value(tensors, key));
    }

    private static String value(SafetensorsFile tensors, String key) {
        String value = tensors.metadata().get(key);
        if (value == null) {
            throw new IllegalArgumentException("its metadata has no " + key);
        }
        return value;
    }

    /// Hands the weights over by the model's names, without what the optimizer keeps; they are views of
    /// the file, valid during the call.
    public void readWeights(Consumer<Map<String, Tensor>> reader) {
        read(state -> {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            state.forEach((name, tensor) -> {
                if (name.startsWith(Parameters.WEIGHT)) {
                    weights.put(name.substring(Parameters.WEIGHT.length()), tensor);
                }
            });
            reader.accept(weights);
        });
    }

    /// Hands the tensors over; they are views of the file, valid during the call.
    void read(Consumer<Map<String, Tensor>> reader) {
        try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
            Map<String, Tensor> state = new LinkedHashMap<>();
            tensors.names().stream()
                    .filter(name -> !name.equals(SealedFile.CHECKSUMS))
                    .forEach(name -> state.put(name, tensors.tensor(name)));
            reader.accept(state);
        }
    }

    /// Fails, naming every difference, unless a run of these configurations may go on from here.
    ///
    /// @param changesAccepted whether settings that [ResumeRules] leaves free may differ
    void requireFit(TrainConfig other, ZebraConfig otherModel, boolean changesAccepted) {
        List<String> differences = new ArrayList<>();
        for (SettingChange change : SettingChange.between(StateJson.tree(config), StateJson.tree(other))) {
            String reason = ResumeRules.reasonToStay(change.key());
            if (reason != null) {
                differences.add(change + " (" + reason + ")");
            } else if (!changesAccepted) {
                differences.add(change.toString());
            }
        }
        SettingChange.between(StateJson.tree(model), StateJson.tree(otherModel))
                .forEach(change -> differences.add("model " + change));
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException("the run in " + file.getParent() + " had other settings ("
                    + String.join("; ", differences) + "); give it the same, or another folder");
        }
        if (other.steps() < step) {
            throw new IllegalArgumentException(
                    "steps must be at least the " + step + " that the run has done: got " + other.steps());
        }
    }
}
