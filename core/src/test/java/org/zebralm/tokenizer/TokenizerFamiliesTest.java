package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Five megabytes of every script, code and emoji have the same ids, and ids the same text, as in the library that a
/// tokenizer was made with: Python's `tokenizers` for a tokenizer.json, `sentencepiece` for a model
/// (`oracle/tokenizer_families.py`).
///
/// Needs a Python with both, named by the environment variable `ZEBRA_ORACLE_PYTHON`. `ZEBRA_TOKENIZERS` names
/// folders to look for tokenizers in, besides the fixtures, and `ZEBRA_TEXTS` one with texts; what is found is
/// printed, a line each. Nothing may be different.
@Tag("interop")
class TokenizerFamiliesTest {

    private static final String MEGABYTES = "5.2";

    private static final List<String> PROMPTS =
            List.of("Hello, world!", "The quick brown fox\njumps", "日本語 🦓", "x = 1\n\ty", "a");

    @TempDir
    Path folder;

    @Test
    void idsAndTextsAreThoseOfTheOtherLibraries() throws IOException, InterruptedException {
        Path texts = folder.resolve("texts.jsonl");
        List<String> command = new ArrayList<>(List.of("texts", texts.toString(), MEGABYTES));
        if (System.getenv("ZEBRA_TEXTS") != null) {
            command.add(System.getenv("ZEBRA_TEXTS"));
        }
        System.out.println("texts " + python(command));
        List<String> documents = documents(texts);
        List<String> differences = new ArrayList<>();
        for (Path tokenizer : tokenizers()) {
            compare(tokenizer, texts, documents, differences);
        }
        assertThat(differences).isEmpty();
    }

    private void compare(Path file, Path texts, List<String> documents, List<String> differences)
            throws IOException, InterruptedException {
        Path out = folder.resolve("out");
        String versions = python(List.of("encode", file.toString(), texts.toString(), out.toString()));
        ByteBuffer expected = ByteBuffer.wrap(Files.readAllBytes(out)).order(ByteOrder.LITTLE_ENDIAN);
        long started = System.nanoTime();
        try (Tokenizer tokenizer = Tokenizer.load(file)) {
            double loading = (System.nanoTime() - started) * 1e-9;
            long bytes = 0;
            long encoding = 0;
            int otherIds = 0;
            int otherTexts = 0;
            for (String document : documents) {
                int[] ids = new int[expected.getInt()];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = expected.getInt();
                }
                byte[] text = new byte[expected.getInt()];
                expected.get(text);
                // SentencePiece shows the unknown piece as another text than its name.
                String decoded = new String(text, StandardCharsets.UTF_8).replace(" \u2047 ", "<unk>");
                bytes += document.getBytes(StandardCharsets.UTF_8).length;
                long before = System.nanoTime();
                int[] ours = tokenizer.encode(document);
                encoding += System.nanoTime() - before;
                if (!Arrays.equals(ours, ids)) {
                    otherIds++;
                    note(differences, file, "ids", document, Arrays.toString(ids), Arrays.toString(ours));
                }
                if (!tokenizer.decode(ids).replace(" \u2047 ", "<unk>").equals(decoded)) {
                    otherTexts++;
                    note(differences, file, "text", document, decoded, tokenizer.decode(ids));
                }
            }
            System.out.printf(
                    Locale.ROOT,
                    "%s: %d documents, %d bytes, other ids %d, other texts %d, loaded in %.2f s, encoded in %.2f s; %s%n",
                    file,
                    documents.size(),
                    bytes,
                    otherIds,
                    otherTexts,
                    loading,
                    encoding * 1e-9,
                    versions);
        }
    }

    @Test
    void promptsAreThoseOfTransformers() throws IOException, InterruptedException {
        Path texts = Files.writeString(
                folder.resolve("prompts.jsonl"),
                String.join("\n", PROMPTS.stream().map(this::quoted).toList()));
        List<String> differences = new ArrayList<>();
        for (Path file : tokenizers()) {
            if (!file.endsWith("tokenizer.json")) {
                continue; // what transformers makes of a model depends on a class of its own
            }
            Path out = folder.resolve("out");
            String versions =
                    python(List.of("prompts", file.resolveSibling("").toString(), texts.toString(), out.toString()));
            if (versions.contains("LlamaTokenizer") && Files.readString(file).contains("\"ByteLevel\"")) {
                System.out.println(file + ": not compared, transformers cuts its words as Llama's; " + versions);
                continue;
            }
            try (Tokenizer tokenizer = Tokenizer.load(file)) {
                List<String> lines = Files.readAllLines(out);
                for (int i = 0; i < PROMPTS.size(); i++) {
                    String ours = Arrays.toString(tokenizer.encodePrompt(PROMPTS.get(i)));
                    if (!ours.equals(lines.get(i))) {
                        note(differences, file, "prompt", PROMPTS.get(i), lines.get(i), ours);
                    }
                }
                int added = tokenizer.encodePrompt("a").length - tokenizer.encode("a").length;
                System.out.println(file + ": " + added + " tokens around prompts; " + versions);
            }
        }
        assertThat(differences).isEmpty();
    }

    private static void note(
            List<String> differences, Path file, String what, String given, String expected, String got) {
        int i = 0;
        while (i < Math.min(expected.length(), got.length()) && expected.charAt(i) == got.charAt(i)) {
            i++;
        }
        int from = Math.max(0, i - 40);
        String difference = "%s: %s of \"%s\"%n    expected ...%s%n    got      ...%s"
                .formatted(file, what, cut(given, 0), cut(expected, from), cut(got, from));
        if (differences.stream()
                        .filter(other -> other.startsWith(file + ": " + what))
                        .count()
                < 5) {
            System.out.println(difference);
        }
        differences.add(difference);
    }

    private static String cut(String text, int from) {
        return text.substring(Math.min(from, text.length()), Math.min(text.length(), from + 120));
    }

    private String quoted(String text) {
        return new ObjectMapper().valueToTree(text).toString();
    }

    private List<Path> tokenizers() throws IOException {
        List<Path> folders = new ArrayList<>(List.of(Path.of("src/test/resources/fixtures/sentencepiece")));
        String named = System.getenv("ZEBRA_TOKENIZERS");
        if (named != null) {
            Arrays.stream(named.split(File.pathSeparator)).map(Path::of).forEach(folders::add);
        }
        List<Path> found = new ArrayList<>();
        for (Path place : folders) {
            try (Stream<Path> files = Files.walk(place)) {
                files.filter(file -> file.endsWith("tokenizer.json")
                                || file.toString().endsWith(".model"))
                        .sorted()
                        .forEach(found::add);
            }
        }
        assertThat(found).isNotEmpty();
        return found;
    }

    private static List<String> documents(Path texts) throws IOException {
        List<String> documents = new ArrayList<>();
        var mapper = new ObjectMapper();
        for (String line : Files.readAllLines(texts)) {
            JsonNode text = mapper.readTree(line);
            documents.add(text.textValue());
        }
        return documents;
    }

    private static String python(List<String> arguments) throws IOException, InterruptedException {
        String python = Objects.requireNonNull(
                System.getenv("ZEBRA_ORACLE_PYTHON"), "ZEBRA_ORACLE_PYTHON must name a Python: see oracle/README.md");
        List<String> command = new ArrayList<>(List.of(python, "../oracle/tokenizer_families.py"));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("exit code; output: %s", output).isZero();
        return output.strip();
    }
}
