package org.zebralm.checkpoint;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A value of a GGUF file's metadata. Texts and lists stay in the mapped file until they are asked for.
sealed interface GgufValue {
    record Whole(long value) implements GgufValue {}

    record Real(double value) implements GgufValue {}

    record Flag(boolean value) implements GgufValue {}

    record Text(MemorySegment utf8) implements GgufValue {
        /// @throws IllegalArgumentException naming `key` if it is too long, or no UTF-8
        String read(String key) {
            return new ByteCursor(key, utf8).readText(utf8.byteSize());
        }
    }

    /// Numbers, flags or texts of one type.
    record Items(GgufScalar type, long count, MemorySegment bytes) implements GgufValue {
        /// Reads all of them.
        ///
        /// @throws IllegalArgumentException naming `key` if there are more than `most`
        List<GgufValue> read(String key, int most) {
            if (count > most) {
                throw new IllegalArgumentException(key + " must have at most " + most + " entries: got " + count);
            }
            var in = new ByteCursor(key, bytes);
            List<GgufValue> values = new ArrayList<>();
            for (long i = 0; i < count; i++) {
                values.add(type.read(in));
            }
            return values;
        }
    }

    /// Says in a word what this is.
    default String describe() {
        return switch (this) {
            case Whole(long value) -> Long.toString(value);
            case Real(double value) -> Double.toString(value);
            case Flag(boolean value) -> Boolean.toString(value);
            case Text(MemorySegment utf8) -> "a text of " + utf8.byteSize() + " bytes";
            case Items(GgufScalar _, long count, MemorySegment _) -> "a list of " + count;
        };
    }
}
