package org.zebralm.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.checkpoint.SafetensorsWriter;
import org.zebralm.model.ZebraConfig;
import org.zebralm.tensor.Tensor;

/// The states a run can resume from: a folder with one safetensors file per saved step, the last `keep` of
/// them.
///
/// A file holds float32 weights and both moments; its metadata holds the step and the configurations. It is
/// replaced atomically, so that an interruption at any moment leaves the one before.
public record Checkpoints(Path folder, int keep) {
    private static final ObjectMapper JSON = new ObjectMapper();

    public Checkpoints {
        if (keep < 1) {
            throw new IllegalArgumentException("at least 1 checkpoint must be kept: got " + keep);
        }
    }

    /// Writes a state, then removes those that are no longer kept.
    Path save(int step, TrainConfig config, ZebraConfig model, Map<String, Tensor> state) {
        Path file = folder.resolve("step-%08d.safetensors".formatted(step));
        try {
            Files.createDirectories(folder);
            SafetensorsWriter.write(
                    file,
                    state,
                    Map.of(
                            "step", Integer.toString(step),
                            "train", JSON.writeValueAsString(config),
                            "model", model.toString()));
            List<Path> files = files();
            for (Path old : files.subList(0, Math.max(0, files.size() - keep))) {
                Files.delete(old);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /// Returns the state of the latest step, if any was saved.
    public Optional<Saved> latest() {
        List<Path> files = files();
        return files.isEmpty() ? Optional.empty() : Optional.of(Saved.open(files.getLast()));
    }

    private List<Path> files() {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> entry.getFileName().toString().matches("step-\\d{8}\\.safetensors"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + folder + ": " + e.getMessage(), e);
        }
    }

    /// A saved state.
    ///
    /// @param model the model's configuration as its record prints it
    public record Saved(Path file, int step, TrainConfig config, String model) {
        static Saved open(Path file) {
            try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
                return new Saved(
                        file,
                        Integer.parseInt(value(tensors, "step")),
                        JSON.readValue(value(tensors, "train"), TrainConfig.class),
                        value(tensors, "model"));
            } catch (JsonProcessingException e) {
                throw new IllegalArgumentException(
                        file + ": its settings cannot be read: " + e.getOriginalMessage(), e);
            }
        }

        private static String value(SafetensorsFile tensors, String key) {
            String value = tensors.metadata().get(key);
            if (value == null) {
                throw new IllegalArgumentException(
                        tensors.path() + " is no checkpoint of a run: its metadata has no " + key);
            }
            return value;
        }

        /// Hands the tensors over; they are views of the file, valid during the call.
        void read(Consumer<Map<String, Tensor>> reader) {
            try (SafetensorsFile tensors = SafetensorsFile.open(file)) {
                Map<String, Tensor> state = new LinkedHashMap<>();
                tensors.names().forEach(name -> state.put(name, tensors.tensor(name)));
                reader.accept(state);
            }
        }

        /// Fails, naming every difference, unless this state belongs to a run of these configurations.
        void requireSame(TrainConfig other, ZebraConfig otherModel) {
            List<String> differences = new ArrayList<>();
            addDifferences("", JSON.valueToTree(config), JSON.valueToTree(other), differences);
            if (!model.equals(otherModel.toString())) {
                differences.add("the model was " + model + ", is " + otherModel);
            }
            if (!differences.isEmpty()) {
                throw new IllegalArgumentException("the run in " + file.getParent() + " had other settings ("
                        + String.join("; ", differences) + "); give it the same, or another folder");
            }
        }

        private static void addDifferences(String prefix, JsonNode was, JsonNode is, List<String> differences) {
            was.properties().forEach(entry -> {
                String key = prefix + entry.getKey();
                JsonNode now = is.get(entry.getKey());
                if (entry.getValue().isObject()) {
                    addDifferences(key + ".", entry.getValue(), now, differences);
                } else if (!entry.getValue().equals(now)) {
                    differences.add(key + " was " + entry.getValue() + ", is " + now);
                }
            });
        }
    }
}
