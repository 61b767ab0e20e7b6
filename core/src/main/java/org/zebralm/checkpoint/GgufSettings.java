package org.zebralm.checkpoint;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads the settings of a GGUF file and collects everything wrong with them, so that one error can name all of it.
///
/// Keys are given without the name of the architecture that they begin with.
final class GgufSettings {
    private static final String SIZE = "a whole number below 2^31, the same for all layers";

    private final Map<String, GgufValue> metadata;
    private final String prefix;
    private final List<String> problems = new ArrayList<>();
    private final Set<String> known = new HashSet<>();

    /// @param prefix what all keys begin with, with its dot
    GgufSettings(Map<String, GgufValue> metadata, String prefix) {
        this.metadata = metadata;
        this.prefix = prefix;
    }

    List<String> problems() {
        return problems;
    }

    void problem(String text) {
        problems.add(text);
    }

    boolean has(String key) {
        return metadata.containsKey(prefix + key);
    }

    @Nullable
    GgufValue value(String key) {
        known.add(prefix + key);
        return metadata.get(prefix + key);
    }

    /// Returns a whole number that must be there.
    int integer(String key) {
        if (!has(key)) {
            problem(prefix + key + " is missing");
        }
        return integer(key, 1);
    }

    /// Returns a whole number; a list of equal ones, one for each layer, counts as that number.
    int integer(String key, int otherwise) {
        return switch (value(key)) {
            case null -> otherwise;
            case GgufValue.Whole(long number) when number >= 0 && number <= Integer.MAX_VALUE -> (int) number;
            case GgufValue.Items items -> allEqual(key, items).orElseGet(() -> wrong(key, SIZE, items, otherwise));
            case GgufValue other -> wrong(key, SIZE, other, otherwise);
        };
    }

    private static OptionalInt allEqual(String key, GgufValue.Items items) {
        Set<GgufValue> distinct = new HashSet<>(items.read(key, Short.MAX_VALUE));
        return distinct.size() == 1
                        && distinct.iterator().next() instanceof GgufValue.Whole(long number)
                        && number >= 0
                        && number <= Integer.MAX_VALUE
                ? OptionalInt.of((int) number)
                : OptionalInt.empty();
    }

    double number(String key, double otherwise) {
        return switch (value(key)) {
            case null -> otherwise;
            case GgufValue.Real(double number) -> shortest(number);
            case GgufValue.Whole(long number) -> number;
            case GgufValue other -> wrong(key, "a number", other, otherwise);
        };
    }

    /// Numbers are stored as float32: 1e-6 would come back as 9.999999974752427e-7, where the config it came from
    /// had the shortest decimal that stands for the same.
    private static double shortest(double number) {
        return (float) number == number ? Double.parseDouble(Float.toString((float) number)) : number;
    }

    boolean flag(String key, boolean otherwise) {
        return switch (value(key)) {
            case null -> otherwise;
            case GgufValue.Flag(boolean flag) -> flag;
            case GgufValue other -> wrong(key, "true or false", other, otherwise);
        };
    }

    String text(String key, String otherwise) {
        return switch (value(key)) {
            case null -> otherwise;
            case GgufValue.Text text -> text.read(prefix + key);
            case GgufValue other -> wrong(key, "a text", other, otherwise);
        };
    }

    /// Accepts keys whose values do not matter.
    void ignore(String... keys) {
        for (String key : keys) {
            known.add(prefix + key);
        }
    }

    /// Refuses every key of this prefix that nobody asked for.
    void refuseUnknown() {
        metadata.forEach((key, value) -> {
            if (key.startsWith(prefix) && !known.contains(key)) {
                problem(key + " = " + value.describe() + " is not implemented");
            }
        });
    }

    private <T> T wrong(String key, String type, GgufValue value, T otherwise) {
        problem(prefix + key + " must be " + type + ": got " + value.describe());
        return otherwise;
    }
}
