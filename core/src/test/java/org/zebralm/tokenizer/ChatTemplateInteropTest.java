package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tokenizer.jinja.OracleCases;
import org.zebralm.tokenizer.jinja.Template.Rendered;

/// Our rendering beside that of transformers itself (`oracle/chat_templates.py`).
///
/// Needs `ZEBRA_ORACLE_PYTHON` (see `oracle/README.md`); `ZEBRA_CHAT_FOLDERS` names a folder of model folders whose own
/// templates are tried, `ZEBRA_CHAT_FUZZ` is how many random templates are.
@Tag("interop")
class ChatTemplateInteropTest {
    @TempDir
    Path folder;

    @Test
    void randomTemplatesRenderAsByTransformers() throws IOException, InterruptedException {
        Path cases = folder.resolve("fuzz.jsonl");
        oracle(List.of("fuzz", setting("ZEBRA_CHAT_SEED", "1"), setting("ZEBRA_CHAT_FUZZ", "5000"), cases.toString()));

        assertThat(Files.readAllLines(cases)).hasSizeGreaterThan(1000);
        assertThat(OracleCases.differences(cases)).isEmpty();
    }

    @Test
    void realTemplatesRenderAsByTransformers() throws IOException, InterruptedException {
        String folders = System.getenv("ZEBRA_CHAT_FOLDERS");
        assertThat(folders)
                .as("ZEBRA_CHAT_FOLDERS must name a folder of model folders")
                .isNotNull();
        Path cases = folder.resolve("real.jsonl");
        List<String> command = new ArrayList<>(List.of("real", cases.toString()));
        try (Stream<Path> models = Files.list(Path.of(folders))) {
            models.sorted().map(Path::toString).forEach(command::add);
        }
        oracle(command);

        List<String> differences = new ArrayList<>();
        Map<String, int[]> counts = new TreeMap<>();
        Map<String, ChatTemplate> templates = new LinkedHashMap<>();
        for (String line : Files.readAllLines(cases)) {
            JsonNode expected = new JsonMapper().readTree(line);
            String model = expected.path("folder").asText();
            ChatTemplate template = templates.computeIfAbsent(model, name -> ChatTemplate.load(Path.of(name)));
            String difference = OracleCases.difference(expected, () -> render(template, expected.path("chat")));
            int[] count = counts.computeIfAbsent(Path.of(model).getFileName().toString(), _ -> new int[3]);
            count[0]++;
            count[1] += expected.has("text") ? 1 : 0;
            if (difference != null) {
                count[2]++;
                differences.add(model + " " + expected.path("chat") + "\n    " + difference);
            }
        }
        counts.forEach((model, count) -> System.out.println(
                "| " + model + " | " + count[0] + " | " + count[1] + " | " + (count[0] - count[2]) + " |"));
        assertThat(differences).isEmpty();
    }

    private static Rendered render(ChatTemplate template, JsonNode node) {
        Map<String, Object> fields = maps(node);
        List<Map<String, Object>> messages = list(fields.remove("messages"));
        boolean continued = Boolean.TRUE.equals(fields.remove("continue_final_message"));
        var chat = new Chat(
                messages == null ? List.of() : messages,
                list(fields.remove("tools")),
                list(fields.remove("documents")),
                Boolean.TRUE.equals(fields.remove("add_generation_prompt")),
                continued ? "content" : null,
                null,
                fields);
        try {
            return new Rendered(template.render(chat, OracleCases.CLOCK).text(), List.of(), true);
        } catch (IllegalArgumentException e) {
            throw OracleCases.refusal(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> maps(JsonNode node) {
        return (Map<String, Object>) new JsonMapper().convertValue(node, Map.class);
    }

    @SuppressWarnings("unchecked")
    private static @Nullable List<Map<String, Object>> list(@Nullable Object value) {
        return (List<Map<String, Object>>) value;
    }

    private static String setting(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null ? otherwise : value;
    }

    private static void oracle(List<String> arguments) throws IOException, InterruptedException {
        String python = System.getenv("ZEBRA_ORACLE_PYTHON");
        assertThat(python)
                .as("ZEBRA_ORACLE_PYTHON must name a Python with transformers: see oracle/README.md")
                .isNotNull();
        Path program = Path.of("oracle/chat_templates.py");
        List<String> command = new ArrayList<>(
                List.of(python, (Files.exists(program) ? program : Path.of("..").resolve(program)).toString()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
    }
}
