package org.zebralm.generate;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.zebralm.cache.PrefixState;
import org.zebralm.checkpoint.SafetensorsFile;
import org.zebralm.checkpoint.SafetensorsWriter;
import org.zebralm.model.PageLayout;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// A beginning's keys and values on disk: a long document that was computed once.
///
/// A `.safetensors` file with the tokens, the tensors of a [PrefixState], and in its metadata what model they are of.
/// Read
/// by the same model only, whatever the machine.
final class PrefixFile {
    private static final String FORMAT = "zebra-prefix-1";
    private static final String TOKENS = "tokens";

    private PrefixFile() {}

    static void write(Path file, int[] tokens, PrefixState state, String model) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        tensors.put(TOKENS, Tensors.ofIds(tokens));
        tensors.putAll(state.tensors());
        SafetensorsWriter.write(
                file,
                tensors,
                Map.of("format", FORMAT, "model", model, "local_from", Integer.toString(state.localFrom())));
    }

    /// Returns the tokens of a file.
    static int[] tokens(SafetensorsFile file) {
        long[] ids = file.names().contains(TOKENS) ? file.tensor(TOKENS).toLongs() : new long[0];
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = Math.toIntExact(ids[i]);
        }
        return tokens;
    }

    /// Reads the keys and values of a file, which stays open while they are used.
    ///
    /// @throws IllegalArgumentException if it is no prefix, or another model's
    static PrefixState read(SafetensorsFile file, PageLayout layout, String model) {
        Map<String, String> metadata = file.metadata();
        if (!FORMAT.equals(metadata.get("format"))) {
            throw new IllegalArgumentException(file.path() + " is no saved prefix: its format must be " + FORMAT
                    + ", got " + metadata.get("format"));
        }
        if (!model.equals(metadata.get("model"))) {
            throw new IllegalArgumentException(file.path()
                    + " is a prefix of another model, or of other weights: got " + metadata.get("model") + " for "
                    + model + "; compute it again with this one");
        }
        int localFrom = Integer.parseInt(Objects.requireNonNullElse(metadata.get("local_from"), "0"));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        int length = tokens(file).length;
        PrefixState.parts(layout, length, localFrom).forEach((name, part) -> {
            if (!file.names().contains(name)) {
                throw new IllegalArgumentException(file.path() + " lacks the tensor " + name
                        + ", which this model's layers need; compute the prefix again");
            }
            long[] shape = part.shape().stream().mapToLong(size -> size).toArray();
            if (file.dtype(name) != part.dtype() || !Arrays.equals(file.shape(name), shape)) {
                throw new IllegalArgumentException("%s: %s must be %s%s for this engine's cache: got %s%s"
                        .formatted(
                                file.path(),
                                name,
                                part.dtype().label(),
                                part.shape(),
                                file.dtype(name).label(),
                                Arrays.toString(file.shape(name))));
            }
            tensors.put(name, file.tensor(name));
        });
        return new PrefixState(length, localFrom, tensors);
    }
}
