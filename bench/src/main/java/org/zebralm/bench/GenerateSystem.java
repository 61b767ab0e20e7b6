package org.zebralm.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// Which layers of a model are global while it is timed. Its weights fit any choice.
public enum GenerateSystem {
    /// As the model has it.
    OWN,
    /// Groups of 4 layers, windows of 513.
    ZEBRA,
    /// Every layer global.
    GLOBAL;

    private static final int GROUP_SIZE = 4;
    private static final int WINDOW = 513;

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the system of a label.
    public static GenerateSystem parse(String label) {
        return Arrays.stream(values())
                .filter(system -> system.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a system must be one of "
                        + Arrays.stream(values()).map(GenerateSystem::label).collect(Collectors.joining(", "))
                        + ": got " + label));
    }

    /// Returns `model` with this system's layers.
    public ZebraConfig of(ZebraConfig model) {
        int layers = model.numLayers();
        List<AttentionType> types = switch (this) {
            case OWN -> model.attentionTypes();
            case ZEBRA -> AttentionType.grouped(layers, Math.min(GROUP_SIZE, layers), WINDOW);
            case GLOBAL -> Collections.nCopies(layers, new AttentionType.Global());
        };
        return model.withAttentionTypes(types);
    }
}
