package org.zebralm.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.zebralm.model.AttentionType;
import org.zebralm.model.ZebraConfig;

/// What is trained: a model of 124 million parameters (12 layers, width 768, 12 heads, 2560 inside, 32,000 tokens,
/// tied),
/// with Zebra's pattern or all-global.
public enum TrainSystem {
    /// Groups of 4 layers, windows of 513.
    ZEBRA(4),
    /// Every layer global.
    GLOBAL(1);

    private static final int WINDOW = 513;

    private final int groupSize;

    TrainSystem(int groupSize) {
        this.groupSize = groupSize;
    }

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the system of a label.
    public static TrainSystem parse(String label) {
        return Arrays.stream(values())
                .filter(system -> system.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a system must be one of "
                        + Arrays.stream(values()).map(TrainSystem::label).collect(Collectors.joining(", ")) + ": got "
                        + label));
    }

    /// Returns the model for a context.
    public ZebraConfig model(int length, int layers) {
        return new ZebraConfig(
                32_000,
                768,
                2560,
                12,
                12,
                64,
                AttentionType.grouped(layers, Math.min(groupSize, layers), WINDOW),
                10_000,
                1e-5,
                length,
                true,
                -1,
                -1,
                -1);
    }
}
