package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Opens folders with transformers and no code of ours (`oracle/interop.py`).
///
/// Needs a Python with transformers, named by the environment variable `ZEBRA_ORACLE_PYTHON`: see `oracle/README.md`.
final class Interop {
    private Interop() {}

    /// Returns what transformers says of each folder, given in turn with the file of our logits.
    static List<JsonNode> compare(Path... foldersAndLogits) throws IOException, InterruptedException {
        String python = System.getenv("ZEBRA_ORACLE_PYTHON");
        assertThat(python)
                .as("ZEBRA_ORACLE_PYTHON must name a Python with transformers: see oracle/README.md")
                .isNotNull();
        List<String> command = new ArrayList<>(List.of(python, "../oracle/interop.py"));
        for (Path path : foldersAndLogits) {
            command.add(path.toString());
        }
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
        List<JsonNode> reports = new ArrayList<>();
        for (String line : output.lines().toList()) {
            reports.add(new JsonMapper().readTree(line));
        }
        assertThat(reports).hasSize(foldersAndLogits.length / 2);
        return reports;
    }
}
