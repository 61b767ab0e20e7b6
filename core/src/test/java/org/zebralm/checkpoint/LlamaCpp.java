package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// llama.cpp through npm's node-llama-cpp (`oracle/llama_cpp.mjs`).
///
/// The environment variable `ZEBRA_ORACLE_NODE_MODULES` names the folder where it is installed: see `oracle/README.md`.
final class LlamaCpp {
    private static final String VARIABLE = "ZEBRA_ORACLE_NODE_MODULES";

    private LlamaCpp() {}

    /// What to do with a file: how many tokens to add to a prompt greedily, and texts to encode.
    record Job(Path model, List<Integer> prompt, int tokens, List<String> texts) {}

    /// Skips the test where llama.cpp is not at hand.
    static void assumeInstalled() {
        assumeTrue(
                System.getenv(VARIABLE) != null,
                VARIABLE + " must name a node_modules folder with node-llama-cpp: see oracle/README.md");
    }

    /// Returns the results in the order of the jobs.
    static List<JsonNode> run(Path folder, List<Job> jobs) {
        ArrayNode json = new JsonMapper().createArrayNode();
        for (Job job : jobs) {
            var one = json.addObject().put("model", job.model().toString()).put("tokens", job.tokens());
            job.prompt().forEach(one.putArray("prompt")::add);
            job.texts().forEach(one.putArray("texts")::add);
        }
        try {
            Path file = Files.writeString(folder.resolve("jobs.json"), json.toString());
            Process process = new ProcessBuilder(
                            "node", "../oracle/llama_cpp.mjs", System.getenv(VARIABLE), file.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
            JsonNode report = new JsonMapper().readTree(output);
            System.out.println("llama.cpp: " + report.path("versions"));
            return report.path("results").valueStream().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
