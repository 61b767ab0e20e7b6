package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CorpusTest {

    /// What type detection, quoting and escaping might spoil.
    private static final List<String> TEXTS = List.of(
            "plain",
            "007",
            "2020-01-01",
            "1.50",
            "true",
            "NULL",
            "a \"quoted\", text",
            "two\nlines\r\n",
            " blanks ",
            "日本🦓");

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "jsonl",
                "ndjson",
                "jsonl.gz",
                "jsonl.zst",
                "json",
                "json.gz",
                "csv",
                "csv.gz",
                "csv.zst",
                "tsv",
                "parquet"
            })
    void everyFormatGivesBackItsDocuments(String suffix) throws IOException, SQLException {
        Path file = write("texts." + suffix, TEXTS);
        assertThat(texts(ReadOptions.defaults(), file)).containsExactlyElementsOf(TEXTS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"txt", "txt.gz", "txt.zst", "md"})
    void aTextFileIsADocument(String suffix) throws IOException {
        Path file = folder.resolve("a." + suffix);
        pack(file, "one\n\"two\", {three}\n".getBytes(StandardCharsets.UTF_8));
        assertThat(texts(ReadOptions.defaults(), file)).containsExactly("one\n\"two\", {three}\n");
    }

    @Test
    void aQueryChoosesAndFilters() throws IOException {
        String rows = IntStream.range(0, 50)
                .mapToObj(i -> "{\"body\":\"%d\",\"score\":%d,\"lang\":\"%s\"}"
                        .formatted(1000 - i, i, i % 2 == 0 ? "en" : "de"))
                .reduce("", (all, row) -> all + row + "\n");
        Path file = Files.writeString(folder.resolve("a.jsonl"), rows);
        var options = new ReadOptions(
                null,
                "body",
                "select body from input where lang = 'en' and score > 9.5 order by score desc limit 3",
                1000);
        assertThat(texts(options, file)).containsExactly("952", "954", "956");
        var two = new ReadOptions(null, "t", "select score, lang || body as t from input limit 1", 1000);
        assertThat(texts(two, file)).containsExactly("en1000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> corpus(new ReadOptions(null, "text", "select from where", 1000), file))
                .withMessageContainingAll("select from where", "input");
        Survey wrong = survey(new ReadOptions(null, "body", "select nope from input", 1000), file);
        assertThat(reasons(wrong)).singleElement().asString().contains("nope");
    }

    @Test
    void aMissingColumnNamesThoseThereAre() throws IOException, SQLException {
        var options = new ReadOptions(null, "content", null, 1000);
        for (String suffix : List.of("jsonl", "csv", "parquet")) {
            Survey survey = survey(options, write("texts." + suffix, TEXTS));
            assertThat(reasons(survey)).singleElement().asString().contains("no column content", "[id, text]");
            assertThatIllegalArgumentException()
                    .isThrownBy(survey::requireDocuments)
                    .withMessageContaining("texts." + suffix);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"b.jsonl.gz", "b.jsonl.zst", "b.csv.gz", "b.csv.zst", "b.parquet", "b.txt.gz", "b.txt.zst"})
    void aFileCutShortAnywhereIsLeftOutAndTheRestGoesOn(String name) throws IOException, SQLException {
        List<String> many =
                IntStream.range(0, 3000).mapToObj(i -> "text " + i * 7919L).toList();
        write("a.jsonl", List.of("first"));
        Path file = write(name, many);
        Files.writeString(folder.resolve("c.txt"), "last");
        byte[] whole = Files.readAllBytes(file);
        assertThat(texts(ReadOptions.defaults(), folder)).hasSize(name.contains("txt") ? 3 : 3002);
        // The last sizes cut no data off, only what says that it ends there.
        for (int size : new int[] {whole.length / 3, whole.length / 2, whole.length - 5, whole.length - 1}) {
            Files.write(file, Arrays.copyOf(whole, size));
            Survey survey = survey(ReadOptions.defaults(), folder);
            assertThat(texts(survey)).as(name + " " + size).containsExactly("first", "last");
            assertThat(survey.report().skipped())
                    .extracting(ReadReport.Skipped::file)
                    .containsExactly(file.toString());
        }
    }

    @Test
    void corruptFilesAreLeftOutByName() throws IOException, SQLException {
        List<String> many =
                IntStream.range(0, 3000).mapToObj(i -> "text " + i * 7919L).toList();
        for (String name : List.of("a.jsonl.gz", "b.parquet")) {
            byte[] bytes = Files.readAllBytes(write(name, many));
            for (int i = 0; i < 100; i++) {
                bytes[bytes.length / 2 + i] ^= 0x5A;
            }
            Files.write(folder.resolve(name), bytes);
        }
        Files.writeString(folder.resolve("c.jsonl"), "{\"text\":\"good\"}\n{oops\n");
        Files.writeString(folder.resolve("d.csv"), "id,text\n1,a\n2,b,c\n");
        Files.writeString(folder.resolve("e.jsonl"), "");
        Files.write(folder.resolve("f.bin"), new byte[] {0, 1});
        Files.writeString(folder.resolve("g.jsonl"), "{\"text\":\"good\"}");
        Survey survey = survey(ReadOptions.defaults(), folder);
        assertThat(texts(survey)).containsExactly("good");
        assertThat(survey.report().skipped())
                .extracting(s -> Path.of(s.file()).getFileName().toString())
                .containsExactly("a.jsonl.gz", "b.parquet", "c.jsonl", "d.csv", "e.jsonl", "f.bin");
    }

    @Test
    void rowsWithoutTextAreCounted() throws IOException {
        Path file = Files.writeString(
                folder.resolve("a.jsonl"), "{\"text\":\"a\"}\n{\"id\":1}\n{\"text\":null}\n{\"text\":\"\"}\n");
        Survey survey = survey(ReadOptions.defaults(), file);
        assertThat(texts(survey)).containsExactly("a");
        assertThat(reasons(survey)).containsExactly("3 of 4 rows have no text");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.jsonl", "a.csv", "a.parquet"})
    void aDocumentTooLargeIsLeftOutAlone(String name) throws IOException, SQLException {
        // 20 MB is more than a record may have before the limit is raised.
        String large = "y".repeat(20_000_000);
        Path file = write(name, List.of("a", large, "b"));
        assertThat(texts(ReadOptions.defaults(), file)).containsExactly("a", large, "b");
        Survey survey = survey(new ReadOptions(null, "text", null, 10_000_000), file);
        assertThat(texts(survey)).containsExactly("a", "b");
        assertThat(survey.report().skipped().getFirst().file()).endsWith(name + " row 2");
    }

    @Test
    void aTextFileTooLargeIsLeftOut() throws IOException {
        Files.writeString(folder.resolve("a.txt"), "0123456789");
        Files.writeString(folder.resolve("b.txt"), "01234567890");
        Survey survey = survey(new ReadOptions(null, "text", null, 10), folder);
        assertThat(texts(survey)).containsExactly("0123456789");
        assertThat(reasons(survey)).singleElement().asString().contains("over 10 bytes");
    }

    @Test
    void patternsMatchAsAShellDoes() throws IOException {
        Files.createDirectories(folder.resolve("x/y"));
        for (String name : List.of("a.txt", "x/b.txt", "x/y/c.txt", "x/d.md", "e[1].txt", "e1.txt")) {
            Files.writeString(folder.resolve(name), name);
        }
        assertThat(texts("*.txt")).containsExactly("a.txt", "e1.txt", "e[1].txt");
        assertThat(texts("**/*.txt")).containsExactly("a.txt", "e1.txt", "e[1].txt", "x/b.txt", "x/y/c.txt");
        assertThat(texts("x/*.{txt,md}")).containsExactly("x/b.txt", "x/d.md");
        assertThat(texts("e[1].txt")).containsExactly("e[1].txt");
        assertThatIllegalArgumentException().isThrownBy(() -> texts("*.csv")).withMessageContaining("*.csv");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> texts("nowhere/*"))
                .withMessageContaining("nowhere");
        assertThatIllegalArgumentException().isThrownBy(() -> texts("nowhere")).withMessageContaining("nowhere");
        assertThatIllegalArgumentException().isThrownBy(() -> texts("x{*")).withMessageContaining("x{*");
    }

    @Test
    void aTableIsReadByItsOwnNameAlone() throws IOException {
        // DuckDB takes names for patterns.
        Files.writeString(folder.resolve("a*'s.jsonl"), "{\"text\":\"mine\"}");
        Files.writeString(folder.resolve("ab's.jsonl"), "{\"text\":\"other\"}");
        assertThat(texts(ReadOptions.defaults(), folder.resolve("a*'s.jsonl"))).containsExactly("mine");
    }

    @Test
    void theOrderIsThatOfTheFilesForAnyNumberOfThreads() throws IOException, SQLException {
        var expected = new ArrayList<String>();
        for (int file = 0; file < 40; file++) {
            int number = file;
            List<String> texts = IntStream.range(0, 1 + (file * 37) % 400)
                    .mapToObj(i -> number + "/" + i + "x".repeat(i % 50 * 40))
                    .toList();
            write("f%02d.%s".formatted(file, file % 3 == 0 ? "csv" : "jsonl"), texts);
            expected.addAll(texts);
        }
        for (int threads : new int[] {1, 2, 7}) {
            Survey survey = corpus(ReadOptions.defaults(), folder).survey(threads, (_, _) -> {}, () -> false);
            assertThat(texts(survey).equals(expected)).as(threads + " threads").isTrue();
            assertThat(survey.sizes().documents()).isEqualTo(expected.size());
        }
    }

    @Test
    void aFileThatChangesAfterTheFirstReadingIsRefused() throws IOException {
        Path file = Files.writeString(folder.resolve("a.jsonl"), "{\"text\":\"a\"}");
        Survey survey = survey(ReadOptions.defaults(), file);
        Files.writeString(file, "{oops");
        assertThatIllegalArgumentException().isThrownBy(() -> texts(survey)).withMessageContaining("a.jsonl");
    }

    @Test
    void readingStopsWhenAsked() throws IOException, SQLException {
        write("a.jsonl", TEXTS);
        assertThatExceptionOfType(CancellationException.class)
                .isThrownBy(() -> corpus(ReadOptions.defaults(), folder).survey(2, (_, _) -> {}, () -> true));
    }

    private Path write(String name, List<String> texts) throws IOException, SQLException {
        Path file = folder.resolve(name);
        if (name.endsWith("parquet")) {
            writeParquet(file, texts);
            return file;
        }
        var all = new StringBuilder();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            if (name.contains(".csv") || name.contains(".tsv")) {
                String separator = name.contains(".csv") ? "," : "\t";
                all.append(i == 0 ? "id" + separator + "text\n" : "")
                        .append(i)
                        .append(separator)
                        .append('"')
                        .append(text.replace("\"", "\"\""))
                        .append("\"\n");
            } else if (name.contains("json")) {
                boolean isArray = name.contains(".json") && !name.contains(".jsonl");
                all.append(isArray ? i == 0 ? "[" : ",\n" : "")
                        .append("{\"id\": %d, \"text\": \"%s\"}".formatted(i, escape(text)))
                        .append(isArray ? i == texts.size() - 1 ? "]" : "" : "\n");
            } else {
                all.append(text).append('\n');
            }
        }
        pack(file, all.toString().getBytes(StandardCharsets.UTF_8));
        return file;
    }

    private static String escape(String text) {
        return text.replace("\\", "\\\\")
                .replace("\"", "\\\"")
                .replace("\n", "\\n")
                .replace("\r", "\\r");
    }

    private static void writeParquet(Path file, List<String> texts) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:duckdb:");
                var statement = connection.createStatement()) {
            statement.execute("create table t (id bigint, text varchar)");
            try (var insert = connection.prepareStatement("insert into t values (?, ?)")) {
                for (int i = 0; i < texts.size(); i++) {
                    insert.setLong(1, i);
                    insert.setString(2, texts.get(i));
                    insert.addBatch();
                }
                insert.executeBatch();
            }
            statement.execute("copy t to '" + file + "' (format parquet)");
        }
    }

    private static void pack(Path file, byte[] bytes) throws IOException {
        try (OutputStream raw = Files.newOutputStream(file);
                OutputStream out = file.toString().endsWith(".gz")
                        ? new GZIPOutputStream(raw)
                        : file.toString().endsWith(".zst") ? new ZstdOutputStream(raw).setChecksum(true) : raw) {
            out.write(bytes);
        }
    }

    private List<String> texts(String pattern) {
        return texts(Corpus.of(List.of(folder + "/" + pattern), ReadOptions.defaults())
                .survey(2, (_, _) -> {}, () -> false));
    }

    private static List<String> texts(ReadOptions options, Path path) {
        Survey survey = survey(options, path);
        assertThat(survey.report().skipped()).isEmpty();
        return texts(survey);
    }

    private static List<String> texts(Survey survey) {
        var texts = new ArrayList<String>();
        survey.forEach((SourceFile _, ReadDocument document) ->
                texts.add(document.document().text()));
        return texts;
    }

    private static List<String> reasons(Survey survey) {
        return survey.report().skipped().stream()
                .map(ReadReport.Skipped::reason)
                .toList();
    }

    private static Survey survey(ReadOptions options, Path path) {
        return corpus(options, path).survey(2, (_, _) -> {}, () -> false);
    }

    private static Corpus corpus(ReadOptions options, Path path) {
        return Corpus.of(List.of(path.toString()), options);
    }
}
