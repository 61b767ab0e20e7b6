package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;

/// What a model has that a conversion of it does not, in words.
final class ConversionLosses {
    private ConversionLosses() {}

    /// @param stored its weights, or null if they are not there
    static List<String> of(
            SourceModel source, ConvertedConfig converted, @Nullable StoredWeights stored, @Nullable DType wanted) {
        List<String> losses = new ArrayList<>();
        if (source.isPart()) {
            losses.add("all but the language model: what it sees with is left out");
        }
        if (source.root().hasNonNull("auto_map")) {
            losses.add("the code that the model brings (auto_map): the result needs none");
        }
        Set<String> keys = new TreeSet<>(source.contents().inertKeys());
        keys.removeIf(key -> converted.json().has(key) || key.startsWith("_") || key.equals("transformers_version"));
        if (!keys.isEmpty()) {
            losses.add("keys of its config.json that change nothing: " + String.join(", ", keys));
        }
        if (stored != null) {
            addRounding(losses, stored, stored.written(wanted, decoded(source)));
        }
        if (!source.files().hasTokenizer()) {
            losses.add("there is no tokenizer to go along");
        }
        return List.copyOf(losses);
    }

    /// Returns what quantized weights become where nothing else is asked for.
    static DType decoded(SourceModel source) {
        DType stated = source.folder().storedDType();
        return stated == null || !stated.isFloating() ? DType.FLOAT32 : stated;
    }

    private static void addRounding(List<String> losses, StoredWeights stored, Map<String, DType> written) {
        Map<String, Integer> counts = new TreeMap<>();
        stored.tensors().forEach((name, entry) -> {
            DType to = TensorNames.find(written, name, "the result");
            if (!isExact(entry, to)) {
                counts.merge(entry.type() + " rounded to " + to.label(), 1, Integer::sum);
            }
        });
        counts.forEach((what, count) -> losses.add(count + (count == 1 ? " tensor of " : " tensors of ") + what));
    }

    /// Returns whether every number of a tensor is one of the other type; decoded numbers are float32.
    private static boolean isExact(StoredWeights.Entry entry, DType to) {
        DType from = entry.dtype();
        return to == DType.FLOAT64 || from == to || (to == DType.FLOAT32 && from != DType.FLOAT64);
    }
}
