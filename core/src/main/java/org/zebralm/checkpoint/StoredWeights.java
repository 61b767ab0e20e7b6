package org.zebralm.checkpoint;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// What the weights of a model are stored as.
///
/// @param tensors by name, in the order in which the model asks for them
record StoredWeights(SequencedMap<String, Entry> tensors) {
    /// One tensor.
    ///
    /// @param type in the words of its file's format
    /// @param dtype what it is read as
    record Entry(String type, DType dtype, boolean isQuantized, long numElements) {}

    /// Looks at the weights that a model uses.
    ///
    /// @throws IllegalArgumentException listing all that are missing, unexpected or misshapen
    static StoredWeights of(ModelFolder folder, WeightSource weights) {
        LoadedModel.requireFit(folder, weights);
        SequencedMap<String, Entry> tensors = new LinkedHashMap<>();
        ZebraParameters.shapes(folder.config())
                .forEach((name, shape) -> tensors.put(
                        name,
                        new Entry(
                                weights.storedType(name),
                                weights.dtype(name),
                                weights.isQuantized(name),
                                Arrays.stream(shape).reduce(1, Math::multiplyExact))));
        return new StoredWeights(tensors);
    }

    /// Returns the number of elements stored as each type.
    Map<String, Long> elementsByType() {
        Map<String, Long> counts = new TreeMap<>();
        tensors.values().forEach(entry -> counts.merge(entry.type(), entry.numElements(), Long::sum));
        return counts;
    }

    /// Returns the type that each tensor gets: `wanted`, or where that is null its own, a quantized one `decoded`.
    SequencedMap<String, DType> written(@Nullable DType wanted, DType decoded) {
        SequencedMap<String, DType> types = new LinkedHashMap<>();
        tensors.forEach((name, entry) ->
                types.put(name, wanted != null ? wanted : entry.isQuantized() ? decoded : entry.dtype()));
        return types;
    }

    /// Returns the type that most numbers have.
    DType usual(Map<String, DType> types) {
        Map<DType, Long> counts = new TreeMap<>();
        tensors.forEach((name, entry) ->
                counts.merge(TensorNames.find(types, name, "the result"), entry.numElements(), Long::sum));
        return counts.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(DType.FLOAT32);
    }
}
