package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.zebralm.checkpoint.PickleValue.Dictionary;
import org.zebralm.checkpoint.PickleValue.Flag;
import org.zebralm.checkpoint.PickleValue.Other;
import org.zebralm.checkpoint.PickleValue.Text;
import org.zebralm.checkpoint.PickleValue.View;
import org.zebralm.checkpoint.PickleValue.Whole;

/// The tensors of a pickle by name.
///
/// @param key under which they lie in a larger dictionary, such as `model` or `state_dict`; empty if they are the file
record StateDict(String key, Map<String, View> tensors) {
    /// Finds the one dictionary of tensors in what a file holds.
    ///
    /// @throws IllegalArgumentException if there is none, or more than one
    static StateDict find(String file, PickleValue root) {
        if (!(root instanceof Dictionary(Map<PickleValue, PickleValue> items))) {
            throw new IllegalArgumentException(
                    file + " must hold a dictionary of tensors: it holds " + root.describe());
        }
        if (items.values().stream().anyMatch(View.class::isInstance)) {
            return new StateDict("", tensors(file, items));
        }
        List<String> keys = new ArrayList<>();
        Map<PickleValue, PickleValue> found = Map.of();
        for (var item : items.entrySet()) {
            if (item.getKey() instanceof Text(String key)
                    && item.getValue() instanceof Dictionary(Map<PickleValue, PickleValue> nested)
                    && nested.values().stream().anyMatch(View.class::isInstance)) {
                keys.add(key);
                found = nested;
            }
        }
        if (keys.size() > 1) {
            throw new IllegalArgumentException(file + " must hold one model, but has tensors under each of "
                    + String.join(", ", keys) + ": save the one wanted by itself");
        }
        if (keys.isEmpty() && !items.isEmpty()) {
            throw new IllegalArgumentException(file + " holds no tensors by name: save the model's state_dict");
        }
        return new StateDict(keys.isEmpty() ? "" : keys.getFirst(), tensors(file, found));
    }

    /// Plain values beside tensors are counters and the like; anything with an inside could be weights we miss.
    private static Map<String, View> tensors(String file, Map<PickleValue, PickleValue> items) {
        Map<String, View> tensors = new LinkedHashMap<>();
        items.forEach((key, value) -> {
            boolean isPlain = switch (value) {
                case Other _, Flag _, Whole _, Text _ -> true;
                default -> false;
            };
            if (key instanceof Text(String name) && value instanceof View view) {
                tensors.put(name, view);
            } else if (!isPlain) {
                throw new IllegalArgumentException(file + " must hold tensors by name: got " + value.describe()
                        + " under " + (key instanceof Text(String name) ? name : key.describe()));
            }
        });
        return tensors;
    }
}
