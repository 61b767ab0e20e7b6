package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The same documents as text files, as packed JSON lines and as CSV: the same tokenizer.
class NamedTextsTest {
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    private Path texts;

    @BeforeEach
    void writeTexts() throws IOException {
        texts = Files.createDirectory(folder.resolve("texts"));
        var random = new SplittableRandom(1);
        for (int file = 0; file < 3; file++) {
            Files.writeString(texts.resolve("text-" + file + ".txt"), MadeUpText.of(random, 20_000));
        }
    }

    /// Writes all files of a folder as packed JSON lines with the key `body`.
    static Path jsonLines(Path texts, Path file) throws IOException {
        try (var packed = new GZIPOutputStream(Files.newOutputStream(file));
                Stream<Path> files = Files.list(texts)) {
            for (Path text : files.sorted().toList()) {
                var line = new ObjectMapper().createObjectNode().put("body", Files.readString(text));
                packed.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }
        return file;
    }

    private Path table() throws IOException {
        var csv = new StringBuilder("id,body\n");
        try (Stream<Path> files = Files.list(texts)) {
            for (Path text : files.sorted().toList()) {
                csv.append("1,\"")
                        .append(Files.readString(text).replace("\"", "\"\""))
                        .append("\"\n");
            }
        }
        return Files.writeString(folder.resolve("texts.csv"), csv);
    }

    private int train(Path source, Path tokenizer, String... options) {
        String[] arguments = {
            "tokenizer", "train", source.toString(), "--vocab-size", "300", "--out", tokenizer.toString()
        };
        return Main.run(
                Stream.concat(Stream.of(arguments), Stream.of(options)).toArray(String[]::new),
                new PrintWriter(new StringWriter()),
                new PrintWriter(err));
    }

    @Test
    void tablesOfDocumentsAreReadAsTheTextFilesThatTheyHold() throws IOException {
        Path expected = folder.resolve("of-texts.json");
        assertThat(train(texts, expected)).as(err.toString()).isZero();
        Path jsonLines = jsonLines(texts, folder.resolve("texts.jsonl.gz"));
        for (Path source : List.of(jsonLines, table())) {
            Path tokenizer = folder.resolve("of-rows.json");
            assertThat(train(source, tokenizer, "--text-column", "body"))
                    .as(err.toString())
                    .isZero();
            assertThat(tokenizer).hasSameBinaryContentAs(expected);
        }
        Path none = folder.resolve("none.json");
        assertThat(train(jsonLines, none)).isEqualTo(Main.FAILED);
        assertThat(err.toString()).contains("there must be text to train on");
        assertThat(none).doesNotExist();
    }
}
