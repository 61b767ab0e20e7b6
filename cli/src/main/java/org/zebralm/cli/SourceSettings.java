package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.zebralm.data.LengthStratum;
import org.zebralm.data.MixtureSource;
import org.zebralm.data.PreparedFolder;

/// One source of a run's text.
///
/// @param data files and folders of text, or one folder that `zebra data prepare` made; empty means the sources
/// of the running JDK
/// @param weight its share of the tokens read, against the other sources' weights
/// @param strata how often documents come by length, ascending; null or empty means all equally often
record SourceSettings(
        List<Path> data, double weight, @Nullable List<LengthStratum> strata) {
    SourceSettings {
        data = List.copyOf(data);
        strata = strata == null ? null : List.copyOf(strata);
        MixtureSource.requireWeight(name(data), weight);
        LengthStratum.requireAscending(strata == null ? List.of() : strata);
        if (data.size() > 1) {
            for (Path path : data) {
                if (PreparedFolder.isAt(path)) {
                    throw new IllegalArgumentException(
                            "a prepared folder is a source of its own: got %s; name it alone, or each in an entry of mixture"
                                    .formatted(data));
                }
            }
        }
    }

    /// Returns what messages call the source.
    String name() {
        return name(data);
    }

    /// Returns the prepared folder that this source is, or null if it is text.
    @Nullable
    Path preparedFolder() {
        return data.size() == 1 && Files.isDirectory(data.getFirst()) && PreparedFolder.isAt(data.getFirst())
                ? data.getFirst()
                : null;
    }

    List<LengthStratum> strataOrNone() {
        return Objects.requireNonNullElse(strata, List.of());
    }

    private static String name(List<Path> data) {
        return data.isEmpty()
                ? "the JDK's sources"
                : data.size() == 1 ? data.getFirst().toString() : data.toString();
    }
}
