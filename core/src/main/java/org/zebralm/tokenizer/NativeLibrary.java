package org.zebralm.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The Rust library behind [Tokenizer], as DJL unpacks and loads it.
///
/// DJL is told two things before its first class loads, each unless the program or the environment said otherwise. It
/// stays off the network: it would report to a telemetry host and might download a CUDA build. And it unpacks to a
/// temporary folder where the home folder cannot be written, as in many containers: it would fail, or litter the
/// working directory.
final class NativeLibrary {

    private static final List<String> CACHE_SETTINGS = List.of("ENGINE_CACHE_DIR", "DJL_CACHE_DIR");

    static {
        if (System.getProperty("ai.djl.offline") == null) {
            System.setProperty("ai.djl.offline", "true");
        }
        boolean cacheIsSet = CACHE_SETTINGS.stream()
                .anyMatch(name -> System.getenv(name) != null || System.getProperty(name) != null);
        if (!cacheIsSet && !isUsable(Path.of(System.getProperty("user.home")))) {
            String folder = temporaryFolder().toString();
            System.setProperty(CACHE_SETTINGS.getFirst(), folder);
            if (System.getProperty("jna.tmpdir") == null) {
                // DJL looks for a GPU through JNA, which unpacks a library of its own.
                System.setProperty("jna.tmpdir", folder);
            }
        }
    }

    private NativeLibrary() {}

    /// Loads the library, once; what hinders it is an `IllegalStateException` with the way out.
    static void load() {
        try {
            LibUtils.checkStatus();
        } catch (EngineException | LinkageError e) {
            throw new IllegalStateException(
                    "cannot load the native tokenizer library (DJL_CACHE_DIR names a folder to unpack it to): " + e, e);
        }
    }

    /// Whether a home folder can take the library; a user without one has `?`.
    static boolean isUsable(Path home) {
        return home.isAbsolute() && Files.isDirectory(home) && Files.isWritable(home);
    }

    private static Path temporaryFolder() {
        try {
            // A new folder that no other user can write to: what lies in it is run.
            Path folder = Files.createTempDirectory("zebra-tokenizers");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make a temporary folder: " + e.getMessage(), e);
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException _) {
            // Windows keeps a loaded library locked; its temporary folder is emptied by the system.
        }
    }
}
