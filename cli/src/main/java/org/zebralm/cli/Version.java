package org.zebralm.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/// Version and commit of this build.
public final class Version implements IVersionProvider {

    /// One line, as in `zebra 0.1.0 (1a2b3c4), Java 25.0.3`.
    public static String line() {
        var built = new Properties();
        try (var in = Version.class.getResourceAsStream("version.properties")) {
            built.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException("version.properties in the jar", e);
        }
        String commit = built.getProperty("commit", "");
        return "zebra %s%s, Java %s"
                .formatted(
                        built.getProperty("version"),
                        commit.isEmpty() ? "" : " (" + commit + ")",
                        Runtime.version().toString());
    }

    @Override
    public String[] getVersion() {
        return new String[] {line()};
    }
}
