package org.zebralm.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/// The checkpoints in module `core` that programs in `oracle/` wrote.
final class Fixtures {
    private static final String PLACE = "core/src/test/resources/fixtures";

    private Fixtures() {}

    static Path path(String name) {
        // Tests run in the module's folder, or from an IDE in the project's.
        Path root = Files.isDirectory(Path.of(PLACE))
                ? Path.of(PLACE)
                : Path.of("..").resolve(PLACE);
        return root.resolve(name).toAbsolutePath().normalize();
    }
}
