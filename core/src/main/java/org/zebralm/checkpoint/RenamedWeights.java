package org.zebralm.checkpoint;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Tensor;

/// Weights under other names than their files give them, some perhaps left out.
final class RenamedWeights implements WeightSource {
    private final WeightSource source;
    private final Map<String, String> storedNames;

    private RenamedWeights(WeightSource source, Map<String, String> storedNames) {
        this.source = source;
        this.storedNames = storedNames;
    }

    /// Returns what `source` has, which is closed with it, or at once if this fails.
    ///
    /// @param rename gives a stored tensor its name, or null to leave it out
    /// @throws IllegalArgumentException if two tensors would have one name
    static WeightSource of(WeightSource source, Function<String, @Nullable String> rename) {
        Map<String, String> storedNames = new LinkedHashMap<>();
        for (String stored : source.names()) {
            String name = rename.apply(stored);
            String other = name == null ? null : storedNames.put(name, stored);
            if (other != null) {
                source.close();
                throw new IllegalArgumentException(
                        "the tensors " + other + " and " + stored + " must not both be " + name);
            }
        }
        return new RenamedWeights(source, Collections.unmodifiableMap(storedNames));
    }

    @Override
    public Set<String> names() {
        return storedNames.keySet();
    }

    @Override
    public DType dtype(String name) {
        return source.dtype(stored(name));
    }

    @Override
    public long[] shape(String name) {
        return source.shape(stored(name));
    }

    @Override
    public Tensor tensor(String name) {
        return source.tensor(stored(name));
    }

    @Override
    public Tensor tensor(String name, DType dtype) {
        return source.tensor(stored(name), dtype);
    }

    private String stored(String name) {
        String stored = storedNames.get(name);
        if (stored == null) {
            throw new IllegalArgumentException("there is no tensor named " + name);
        }
        return stored;
    }

    @Override
    public void close() {
        source.close();
    }
}
