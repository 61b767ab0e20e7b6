package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Params;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The parameters of a model by the names they have on disk.
public final class ZebraParameters {
    private ZebraParameters() {}

    /// Returns the name and shape of every parameter, in the order in which the model asks for them.
    public static SequencedMap<String, long[]> shapes(ZebraConfig config) {
        SequencedMap<String, long[]> shapes = new LinkedHashMap<>();
        try (var _ = Scope.open()) {
            // The model itself says what it needs: a second list of names would go out of step with it.
            Tensor nothing = Tensors.empty(DType.FLOAT32, 0);
            Params.Source note = (name, _, shape) -> {
                shapes.put(name, shape.clone());
                return nothing;
            };
            Zebra.load(Params.of(note), config, new PortableAttention());
        }
        return shapes;
    }

    /// Lists every way in which what is there differs from what is needed.
    static List<String> differences(Map<String, long[]> needed, Map<String, long[]> there) {
        List<String> missing = new ArrayList<>();
        List<String> misshapen = new ArrayList<>();
        needed.forEach((name, shape) -> {
            long[] found = there.get(name);
            if (found == null) {
                missing.add("missing: " + name + " " + Arrays.toString(shape));
            } else if (!Arrays.equals(found, shape)) {
                misshapen.add("misshapen: " + name + " must be " + Arrays.toString(shape) + ", but is "
                        + Arrays.toString(found));
            }
        });
        List<String> differences = new ArrayList<>(missing);
        there.keySet().stream()
                .filter(name -> !needed.containsKey(name))
                .forEach(name -> differences.add(
                        "unexpected: " + name + " " + Arrays.toString(Objects.requireNonNull(there.get(name)))));
        differences.addAll(misshapen);
        return differences;
    }
}
