package org.zebralm.tensor;

import java.util.OptionalLong;
import java.util.stream.Stream;

/// A field of Linux' files about memory, `NAME:   123 kB`.
public final class ProcField {
    private ProcField() {}

    /// Returns the field's bytes, if a line has it.
    public static OptionalLong bytes(Stream<String> lines, String name) {
        return lines.filter(line -> line.startsWith(name + ":"))
                .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst();
    }
}
