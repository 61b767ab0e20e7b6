package org.zebralm.nn;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// In how many bits a matrix is kept.
public enum WeightFormat {
    /// As it is.
    KEEP,
    /// Whole numbers of 8 bits, a scale for each row.
    INT8,
    /// Whole numbers of 4 bits, a scale for each group of neighbouring columns.
    INT4;

    /// Returns what users and `config.json` write: `int4`.
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Returns the format with this [#label].
    public static WeightFormat parse(String label) {
        return Arrays.stream(values())
                .filter(format -> format.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a weight format must be one of "
                        + Arrays.stream(values()).map(WeightFormat::label).collect(Collectors.joining(", ")) + ": got "
                        + label));
    }
}
