package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {

    @TempDir
    Path folder;

    private final List<Document> documents = new ArrayList<>();

    @Test
    void foldersAreReadToTheBottomInOrder() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data/b"));
        Files.writeString(data.resolve("2.txt"), "two");
        Files.writeString(data.resolve("1.txt"), "one");
        Files.writeString(data.resolveSibling("a.txt"), "a");
        Files.writeString(data.resolveSibling(".hidden"), "no");
        ReadReport report = read(folder.resolve("data"), data.resolve("2.txt"));
        assertThat(documents)
                .containsExactly(
                        new Document("data/a.txt", "a"),
                        new Document("data/b/1.txt", "one"),
                        new Document("data/b/2.txt", "two"));
        assertThat(report).isEqualTo(new ReadReport(3, 7, 0, List.of()));
    }

    @Test
    void gzipIsUnpacked() throws IOException {
        Path file = folder.resolve("a.txt.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("zebra".getBytes(StandardCharsets.UTF_8));
        }
        byte[] whole = Files.readAllBytes(file);
        Files.write(folder.resolve("b.gz"), Arrays.copyOf(whole, whole.length - 9));
        Files.writeString(folder.resolve("c.gz"), "not gzip");
        ReadReport report = read(folder);
        assertThat(documents).extracting(Document::text).containsExactly("zebra");
        assertThat(report.bytes()).isEqualTo(5);
        assertThat(report.skipped()).extracting(ReadReport.Skipped::reason).allMatch(r -> r.startsWith("unreadable: "));
        assertThat(report.skipped())
                .extracting(ReadReport.Skipped::file)
                .containsExactly(
                        folder.resolve("b.gz").toString(),
                        folder.resolve("c.gz").toString());
    }

    @Test
    void invalidUtf8IsReplacedAndCounted() throws IOException {
        byte[] bytes = ("\uFEFFlegal \uFFFD, broken ? and ?" + " text".repeat(20)).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = bytes[i] == '?' ? (byte) 0xFF : bytes[i];
        }
        ReadReport report = read(Files.write(folder.resolve("a"), bytes));
        assertThat(report.replaced()).isEqualTo(2);
        assertThat(documents.getFirst().text()).startsWith("legal \uFFFD, broken \uFFFD and \uFFFD text");
    }

    @Test
    void binaryAndEmptyFilesAreSkippedAndNamed() throws IOException {
        byte[] junk = new byte[10_000];
        new Random(1).nextBytes(junk);
        Files.write(folder.resolve("junk"), junk);
        for (int i = 0; i < junk.length; i++) {
            junk[i] |= (byte) 0x80;
        }
        Files.write(folder.resolve("junk-without-nul"), junk);
        Files.writeString(folder.resolve("empty"), "");
        Files.writeString(folder.resolve("fine"), "fine");
        ReadReport report = read(folder);
        assertThat(documents).extracting(Document::text).containsExactly("fine");
        assertThat(report.skipped())
                .extracting(
                        s -> Path.of(s.file()).getFileName() + ": " + s.reason().replaceAll("[: ].*", ""))
                .containsExactly("empty: empty", "junk: binary", "junk-without-nul: binary");
    }

    @Test
    void missingPathsAreNamed() {
        Path missing = folder.resolve("missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TextFiles.of(List.of(folder, missing)))
                .withMessageContaining(missing.toString());
        assertThatIllegalArgumentException().isThrownBy(() -> TextFiles.of(List.of()));
    }

    @Test
    void documentIsNeverOnBothSides() throws IOException {
        for (int i = 0; i < 400; i++) {
            Files.writeString(folder.resolve("f" + i), "text " + i);
        }
        var heldOut = new HeldOut(0.1);
        TextFiles files = TextFiles.of(List.of(folder));
        var evaluation = new ArrayList<Document>();
        heldOut.evaluation(files).forEach(evaluation::add);
        heldOut.training(files).forEach(documents::add);
        assertThat(evaluation).hasSizeBetween(10, 90).doesNotContainAnyElementsOf(documents);
        assertThat(evaluation.size() + documents.size()).isEqualTo(400);
        assertThat(evaluation).allMatch(new HeldOut(0.2)::contains);
        assertThatIllegalArgumentException().isThrownBy(() -> new HeldOut(1));
    }

    private ReadReport read(Path... paths) {
        return TextFiles.of(List.of(paths)).forEach(documents::add);
    }
}
