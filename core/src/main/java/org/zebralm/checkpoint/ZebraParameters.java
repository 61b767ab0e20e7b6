package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.zebralm.kernel.DenseWeight;
import org.zebralm.kernel.Int4Weight;
import org.zebralm.kernel.PortableAttention;
import org.zebralm.kernel.Weight;
import org.zebralm.model.Zebra;
import org.zebralm.model.ZebraConfig;
import org.zebralm.nn.Init;
import org.zebralm.nn.Params;
import org.zebralm.nn.QuantizationConfig;
import org.zebralm.nn.WeightFormat;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;
import org.zebralm.tensor.Tensor;
import org.zebralm.tensor.Tensors;

/// The parameters of a model by the names they have on disk.
public final class ZebraParameters {
    private ZebraParameters() {}

    /// Returns the name and shape of every parameter, in the order in which the model asks for them.
    public static SequencedMap<String, long[]> shapes(ZebraConfig config) {
        return shapes(config, null);
    }

    /// Returns the names and shapes of all that is stored of a model's parameters, quantized or dense (null).
    static SequencedMap<String, long[]> shapes(ZebraConfig config, @Nullable QuantizationConfig quantization) {
        SequencedMap<String, long[]> shapes = new LinkedHashMap<>();
        try (var _ = Scope.open()) {
            // The model itself says what it needs: a second list of names would go out of step with it.
            Tensor nothing = Tensors.empty(DType.FLOAT32, 0);
            var note = new Params.Source() {
                @Override
                public Tensor get(String name, Init init, long... shape) {
                    shapes.put(name, shape.clone());
                    return nothing;
                }

                @Override
                public Weight weight(String name, Init init, long out, long in) {
                    putShapes(shapes, name, out, in, quantization);
                    return new DenseWeight(nothing);
                }
            };
            Zebra.load(Params.of(note), config, new PortableAttention());
        }
        return shapes;
    }

    private static void putShapes(
            Map<String, long[]> shapes, String name, long out, long in, @Nullable QuantizationConfig quantization) {
        switch (quantization == null ? WeightFormat.KEEP : quantization.formatOf(name)) {
            case KEEP -> shapes.put(name, new long[] {out, in});
            case INT8 -> {
                shapes.put(name, new long[] {out, in});
                shapes.put(name + Weight.SCALE, new long[] {out});
            }
            case INT4 -> {
                int group = Objects.requireNonNull(quantization).group();
                shapes.put(name, Int4Weight.wordsShape(out, in, group));
                shapes.put(name + Weight.SCALE, Int4Weight.scalesShape(out, in, group));
            }
        }
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
