package org.zebralm.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tokenizer.Tokenizer;

/// Tokenizers in GGUF files that we write, as llama.cpp and Python's `gguf` read them.
///
/// `ZEBRA_TOKENIZERS` names folders to look for `tokenizer.json` and `tokenizer.model` in, besides the fixtures.
@Tag("interop")
class GgufTextsTest {
    private static final List<String> TEXTS = List.of(
            "Hello world! It's 12345 o'clock, isn't it? WE'LL see; you'RE right.",
            "  leading, trailing  \n\n\t tabs\r\nand ends \n",
            "one  two   three    four     five\t\tsix",
            "naïve café ﬁne Å Ångström señor Straße œuvre",
            "Съешь ещё этих мягких французских булок, да выпей чаю.",
            "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Τὴν ὀδύσσειαν.",
            "שלום עולם, מה שלומך? مرحبا بالعالم، كيف حالك؟ ١٢٣٤",
            "नमस्ते दुनिया, यह एक परीक्षण है। १२३ বাংলা ভাষা தமிழ் ไทยภาษา",
            "你好，世界！这是一个测试。日本語のテキスト、カタカナ。한국어 문장입니다.",
            "😀👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🦓🦓 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ①②③ ½ ⅔ Ⅷ",
            "def f(x):\n    return x**2 + 3.14159 / y[0]  # comment\n\n\nclass A:\n\tpass\n",
            "for (int i = 0; i < 100; i++) { System.out.println(\"a\\n\" + i); } // done\r\n",
            "<div class=\"x\">&nbsp;</div> https://example.org/a?b=c&d=%20 user@example.org",
            "1234567890 3.14 1,000,000 0x1F 2026-11-28 10:15:00",
            "CamelCase snake_case kebab-case SCREAMING_CASE iPhone15Pro",
            "a",
            " ",
            "\n",
            "''' \"\"\" `` -- ... !!! ??? ;;; ((( )))",
            "The quick brown fox jumps over the lazy dog. ".repeat(20));

    @TempDir
    Path folder;

    private List<Path> tokenizers() throws IOException {
        List<Path> found = new ArrayList<>();
        for (String name : List.of(
                "tokenizer-gpt-2",
                "tokenizer-smollm",
                "tokenizer-llama-bpe",
                "tokenizer-qwen2",
                "sentencepiece-llama",
                "sentencepiece-gemma")) {
            try (GgufFile file = GgufFile.open(Fixtures.path("gguf/" + name + ".gguf"))) {
                ObjectNode json =
                        Objects.requireNonNull(GgufTokenizer.read(file)).json();
                Path path = folder.resolve("from/" + name + "/tokenizer.json");
                Files.createDirectories(path.getParent());
                JsonFile.write(path, json);
                found.add(path);
            }
        }
        String named = System.getenv("ZEBRA_TOKENIZERS");
        for (String place : named == null ? new String[0] : named.split(File.pathSeparator, -1)) {
            try (Stream<Path> files = Files.walk(Path.of(place))) {
                files.filter(file -> file.endsWith("tokenizer.json") || file.endsWith("tokenizer.model"))
                        .sorted()
                        .forEach(found::add);
            }
        }
        return found;
    }

    /// Makes a model around a tokenizer, as small as can be.
    private ModelFolder model(Path tokenizer, String name) throws IOException {
        int size;
        try (Tokenizer opened = Tokenizer.load(tokenizer)) {
            size = opened.vocabSize();
        }
        ObjectNode config =
                GgufModels.config("llama").put("num_hidden_layers", 1).put("hidden_size", 32);
        config.put("vocab_size", size + 3)
                .put("bos_token_id", 1)
                .put("eos_token_id", 2)
                .put("head_dim", 8);
        Path model = folder.resolve("models/" + name);
        GgufModels.write(model, config, 1);
        Files.delete(model.resolve("tokenizer.json"));
        try (Stream<Path> files = Files.list(tokenizer.getParent())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = model.resolve(file.getFileName());
                if (!Files.exists(copy)) { // the model's config is its own
                    Files.copy(file, copy);
                }
            }
        }
        return ModelFolder.read(model);
    }

    @Test
    void textsHaveTheSameIdsInLlamaCpp() throws IOException {
        LlamaCpp.assumeInstalled();
        List<LlamaCpp.Job> jobs = new ArrayList<>();
        List<Path> models = new ArrayList<>();
        for (Path tokenizer : tokenizers()) {
            Path place = Objects.requireNonNull(tokenizer.getParent());
            // Folders of npm packages all end alike.
            String name = Objects.requireNonNull(place.endsWith("models") ? place.getParent() : place)
                    .getFileName()
                    .toString();
            ModelFolder model = model(tokenizer, name);
            Path file = folder.resolve(name + ".gguf");
            try {
                List<String> remarks = GgufWriter.write(model, file, new GgufOutput(GgufOutput.Type.F16));
                System.out.println(name + ": " + String.join("; ", remarks));
            } catch (IllegalArgumentException e) {
                System.out.println(name + " is refused: " + e.getMessage());
                continue;
            }
            jobs.add(new LlamaCpp.Job(file, List.of(), 0, TEXTS));
            models.add(model.path());
        }
        assertThat(jobs).hasSizeGreaterThanOrEqualTo(6);
        List<JsonNode> results = LlamaCpp.run(folder, jobs);
        Map<String, String> different = new TreeMap<>();
        for (int i = 0; i < jobs.size(); i++) {
            String name = String.valueOf(models.get(i).getFileName());
            JsonNode result = results.get(i);
            assertThat(result.has("error")).as("%s: %s", name, result).isFalse();
            int same = 0;
            try (Tokenizer ours =
                    Objects.requireNonNull(ModelFolder.read(models.get(i)).tokenizer())) {
                for (int t = 0; t < TEXTS.size(); t++) {
                    int[] theirs = result.path("encoded")
                            .path(t)
                            .valueStream()
                            .mapToInt(JsonNode::intValue)
                            .toArray();
                    int[] expected = ours.encode(TEXTS.get(t));
                    if (Arrays.equals(theirs, expected)) {
                        same++;
                    } else {
                        different.put(
                                name + " " + t, Arrays.toString(theirs) + " and not " + Arrays.toString(expected));
                    }
                }
            }
            System.out.printf("%s: %d of %d texts have our ids in llama.cpp%n", name, same, TEXTS.size());
        }
        assertThat(different).isEmpty();
    }

    /// Python's library finds in a file of ours what our own reader finds there.
    @Test
    void pythonsLibraryReadsTheSame() throws IOException, InterruptedException {
        String python = System.getenv("ZEBRA_ORACLE_PYTHON");
        assumeTrue(python != null, "ZEBRA_ORACLE_PYTHON must name a Python with gguf: see oracle/README.md");
        for (GgufOutput.Type type : GgufOutput.Type.values()) {
            Path path = folder.resolve(type + ".gguf");
            GgufWriter.write(GgufModels.write(folder.resolve("m"), "gemma3", 1), path, new GgufOutput(type));
            Process process = new ProcessBuilder(python, "../oracle/gguf_export.py", path.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).isZero();
            JsonNode found = new JsonMapper().readTree(output);
            try (GgufFile file = GgufFile.open(path)) {
                assertThat(found.path("keys").propertyStream().map(Map.Entry::getKey))
                        .containsExactlyElementsOf(file.metadata().keySet());
                file.metadata()
                        .forEach((key, value) -> assertThat(
                                        GgufWriterTest.plain(found.path("keys").path(key)))
                                .as(key)
                                .isEqualTo(GgufWriterTest.plain(value)));
                assertThat(found.path("tensors").size())
                        .isEqualTo(file.tensors().size());
                file.tensors()
                        .forEach((name, entry) -> assertThat(found.path("tensors")
                                        .path(name)
                                        .path("sha256")
                                        .asText())
                                .as(name)
                                .isEqualTo(GgufWriterTest.sha256(GgufWriterTest.bytes(entry))));
            }
        }
    }
}
