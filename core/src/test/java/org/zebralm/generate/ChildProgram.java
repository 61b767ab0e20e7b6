package org.zebralm.generate;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// A program as users have it, in a JVM of its own: opens a model, prints what it says.
final class ChildProgram {
    /// What the flags table of `docs/java.md` names for the environment.
    static final Map<String, String> ENVIRONMENT = Map.of("GOMP_SPINCOUNT", "30000", "OPENBLAS_THREAD_TIMEOUT", "4");

    /// What a JVM wrote, by stream.
    record Ended(int code, String out, String err) {}

    private ChildProgram() {}

    static void main(String[] args) {
        try (LanguageModel model = LanguageModel.open(Path.of(args[0]))) {
            System.out.print(model.generate("Stripes", SamplingConfig.greedy(12)));
        }
    }

    /// Runs a JVM with these arguments and, of what decides how fast libraries are, this environment only.
    static Ended run(Map<String, String> environment, List<String> arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Dstdout.encoding=UTF-8");
        command.addAll(arguments);
        var builder = new ProcessBuilder(command);
        List.of("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OPENBLAS_THREAD_TIMEOUT", "JDK_JAVA_OPTIONS")
                .forEach(builder.environment()::remove);
        builder.environment().putAll(environment);
        Process process = builder.start();
        process.getOutputStream().close();
        var err = new CompletableFuture<String>();
        Thread.ofVirtual().start(() -> {
            try {
                err.complete(new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8));
            } catch (IOException e) {
                err.completeExceptionally(e);
            }
        });
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), out, err.join());
    }
}
