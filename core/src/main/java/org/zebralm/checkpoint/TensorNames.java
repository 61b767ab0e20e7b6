package org.zebralm.checkpoint;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Looks tensors up by name.
final class TensorNames {
    private TensorNames() {}

    /// Returns what stands under a name.
    ///
    /// @param source what the tensors belong to, as errors name it
    /// @throws IllegalArgumentException if there is nothing
    static <T> T find(Map<String, T> tensors, String name, Object source) {
        @Nullable T found = tensors.get(name);
        if (found == null) {
            throw new IllegalArgumentException(source + " has no tensor named " + name);
        }
        return found;
    }
}
