package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.zebralm.tokenizer.Tokenizer;

class PreparationTest {

    private static final HeldOut TENTH = new HeldOut(0.1);

    @TempDir
    Path folder;

    private Path texts = Path.of("");
    private Path tokenizerJson = Path.of("");

    @BeforeEach
    void write() throws IOException {
        texts = Files.createDirectory(folder.resolve("texts"));
        for (int file = 0; file < 12; file++) {
            write(file, IntStream.range(0, 40).mapToObj(i -> i).toList());
        }
        tokenizerJson = folder.resolve("tokenizer.json");
        DocumentSource source = consumer -> {
            consumer.accept(new Document("x", SampleTexts.words(4, 900)));
            return new ReadReport(1, 0, 0, List.of());
        };
        new BpeTrainer(400)
                .train(WordCounts.of(source, SplitPattern.LLAMA3, _ -> {}), (_, _) -> {})
                .write(tokenizerJson);
    }

    @Test
    void everyDocumentIsInOneSplitOnceInOrder() throws IOException {
        Path out = prepare("out", TENTH, Long.MAX_VALUE, 2);
        try (PreparedFolder prepared = PreparedFolder.open(out);
                Tokenizer tokenizer = Tokenizer.load(prepared.tokenizer())) {
            List<String> train = decode(prepared.train(), tokenizer);
            List<String> heldOut = decode(prepared.heldOut(), tokenizer);
            var all = new ArrayList<String>();
            for (int file = 0; file < 12; file++) {
                for (int i = 0; i < 40; i++) {
                    all.add(text(file, i));
                }
            }
            // 480 documents, each held out with a chance of a tenth.
            assertThat(heldOut).hasSizeBetween(20, 85).doesNotContainAnyElementsOf(train);
            assertThat(all.stream().filter(new HashSet<>(heldOut)::contains)).containsExactlyElementsOf(heldOut);
            assertThat(all.stream().filter(text -> !heldOut.contains(text))).containsExactlyElementsOf(train);
            PreparedManifest.Source source = prepared.manifest().sources().getFirst();
            assertThat(source.documents()).isEqualTo(480);
            assertThat(source.files()).isEqualTo(12);
            assertThat(source.characters())
                    .isEqualTo(all.stream().mapToLong(String::length).sum());
            assertThat(prepared.manifest().createdBy()).isEqualTo("zebra test");
            assertThat(prepared.manifest().tokenizer().sha256()).isEqualTo(tokenizer.fingerprint());
        }
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()).sorted())
                    .containsExactly("heldout-00000.tokens", "manifest.json", "tokenizer.json", "train-00000.tokens");
        }
    }

    @Test
    void shardsAreTheSameForAnyNumberOfThreads() throws IOException {
        Map<String, List<Byte>> one = files(prepare("one", TENTH, 2000, 1));
        assertThat(one.keySet()).contains("train-00001.tokens", "train-00002.tokens");
        for (int threads : new int[] {2, 5}) {
            assertThat(files(prepare("threads" + threads, TENTH, 2000, threads)).equals(one))
                    .as(threads + " threads")
                    .isTrue();
        }
    }

    @Test
    void duplicatesAreLeftOutAcrossFilesAndSources() throws IOException {
        Path more = Files.writeString(folder.resolve("more.jsonl"), json(text(3, 7)) + json("new") + json("new"));
        Survey survey = survey(2, texts, more);
        Path out = folder.resolve("out");
        try (PreparedFolderWriter writer = PreparedFolderWriter.claim(out);
                Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
            PreparedManifest manifest = preparation(survey, tokenizer, TENTH, 1000, true)
                    .run(writer, _ -> {}, () -> false)
                    .manifest();
            assertThat(manifest.sources().get(0).duplicates()).isZero();
            assertThat(manifest.sources().get(1).duplicates()).isEqualTo(2);
            assertThat(manifest.sources().get(1).documents()).isEqualTo(1);
        }
        try (PreparedFolderWriter writer = PreparedFolderWriter.claim(folder.resolve("all"));
                Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
            PreparedManifest manifest = preparation(survey, tokenizer, TENTH, 1000, false)
                    .run(writer, _ -> {}, () -> false)
                    .manifest();
            assertThat(manifest.sources().get(1).documents()).isEqualTo(3);
        }
    }

    @Test
    void moreFilesMoveNoDocumentToTheOtherSide() throws IOException {
        List<String> before = heldOut(prepare("before", TENTH, 10_000, 2));
        Files.writeString(texts.resolve("a-first.txt"), "another text");
        write(99, List.of(1, 2, 3));
        List<String> after = heldOut(prepare("after", TENTH, 10_000, 2));
        assertThat(after).containsAll(before);
        assertThat(heldOut(prepare("share", new HeldOut(0.2), 10_000, 2))).containsAll(after);
    }

    @Test
    void aStoppedPreparationLeavesNothingAndCanBeRunAgain() {
        Path out = folder.resolve("out");
        for (int documents : new int[] {0, 1, 100, 470}) {
            int[] asked = {0};
            assertThatExceptionOfType(CancellationException.class)
                    .isThrownBy(() -> prepare(out, TENTH, 500, 2, () -> asked[0]++ >= documents));
            assertThat(out).doesNotExist();
        }
        assertThat(prepare("out", TENTH, 500, 2)).isDirectoryContaining("glob:**manifest.json");
    }

    @Test
    void whatAKilledPreparationLeftIsNoPreparedFolderAndIsRemoved() throws IOException {
        Map<String, List<Byte>> expected = files(prepare("out", TENTH, 500, 2));
        Path killed = Files.createDirectory(folder.resolve("killed"));
        Files.writeString(killed.resolve("preparing"), "");
        Files.copy(folder.resolve("out/train-00000.tokens"), killed.resolve("train-00000.tokens"));
        Files.writeString(killed.resolve("train-00077.tokens"), "of a longer run");
        Files.writeString(killed.resolve("train-00001.tokens.123-456.part"), "half");
        assertThat(PreparedFolder.isAt(killed)).isFalse();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreparedFolder.open(killed))
                .withMessageContaining("did not finish");
        assertThat(files(prepare("killed", TENTH, 500, 2)).equals(expected)).isTrue();
    }

    @Test
    void aFolderInUseIsNotTaken() throws IOException {
        Path out = prepare("out", TENTH, 500, 2);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreparedFolderWriter.claim(out))
                .withMessageContaining("never changed");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreparedFolderWriter.claim(texts))
                .withMessageContaining("new or empty folder");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreparedFolderWriter.claim(tokenizerJson))
                .withMessageContaining("is a file");
        try (var _ = PreparedFolderWriter.claim(folder.resolve("busy"))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> PreparedFolderWriter.claim(folder.resolve("busy")))
                    .withMessageContaining("another one is at work");
        }
        assertThat(folder.resolve("busy")).doesNotExist();
    }

    @Test
    void nothingToTrainOnIsRefused() throws IOException {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> survey(1, empty).requireDocuments())
                .withMessageContaining("no document");
        Files.writeString(empty.resolve("a.txt"), "one document");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> {
                    try (PreparedFolderWriter writer = PreparedFolderWriter.claim(folder.resolve("out"));
                            Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
                        preparation(survey(1, empty), tokenizer, new HeldOut(0.999999), 10, true)
                                .run(writer, _ -> {}, () -> false);
                    }
                })
                .withMessageContaining("held out");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aSetOfHashesTellsNewFromOld() {
        var hashes = new TextHashes(1000);
        var expected = new HashSet<TextHash>();
        // Few distinct low bits, so that places are fought for; zeros mark a free place inside.
        for (int i = 0; i < 3000; i++) {
            var hash = new TextHash(i % 500, i % 7);
            if (expected.size() < 1000 || expected.contains(hash)) {
                assertThat(hashes.add(hash)).isEqualTo(expected.add(hash));
            }
        }
        assertThat(expected).hasSizeGreaterThan(900).contains(new TextHash(0, 0));
        assertThat(TextHashes.bytes(1000)).isBetween(16_000L, 32_000L);
    }

    private void write(int file, List<Integer> documents) throws IOException {
        var lines = new StringBuilder();
        documents.forEach(i -> lines.append(json(text(file, i))));
        Files.writeString(texts.resolve("f%02d.jsonl".formatted(file)), lines);
    }

    private static String text(int file, int document) {
        return file + "/" + document + " " + SampleTexts.words(100L * file + document, 5 + document % 7);
    }

    private static String json(String text) {
        return "{\"text\":\"" + text + "\"}\n";
    }

    private Path prepare(String name, HeldOut heldOut, long shardTokens, int threads) {
        return prepare(folder.resolve(name), heldOut, shardTokens, threads, () -> false);
    }

    private Path prepare(Path out, HeldOut heldOut, long shardTokens, int threads, BooleanSupplier stop) {
        try (PreparedFolderWriter writer = PreparedFolderWriter.claim(out);
                Tokenizer tokenizer = Tokenizer.load(tokenizerJson)) {
            preparation(survey(threads, texts), tokenizer, heldOut, shardTokens, true)
                    .run(writer, _ -> {}, stop);
        }
        return out;
    }

    private static Survey survey(int threads, Path... sources) {
        return Corpus.of(Stream.of(sources).map(Path::toString).toList(), ReadOptions.defaults())
                .survey(threads, (_, _) -> {}, () -> false);
    }

    private static Preparation preparation(
            Survey survey, Tokenizer tokenizer, HeldOut heldOut, long shardTokens, boolean dropDuplicates) {
        var encode = new EncodeDocuments(tokenizer, BpeVocabulary.END_OF_TEXT);
        return new Preparation(survey, encode, heldOut, shardTokens, dropDuplicates, "zebra test");
    }

    private static List<String> heldOut(Path path) {
        try (PreparedFolder prepared = PreparedFolder.open(path);
                Tokenizer tokenizer = Tokenizer.load(prepared.tokenizer())) {
            return decode(prepared.heldOut(), tokenizer);
        }
    }

    private static List<String> decode(List<TokenShard> shards, Tokenizer tokenizer) {
        var texts = new ArrayList<String>();
        for (TokenShard shard : shards) {
            for (int document = 0; document < shard.numDocuments(); document++) {
                int[] ids = new int[(int) shard.documentLength(document) - 1];
                shard.read(shard.documentStart(document), ids.length, ids, 0);
                texts.add(tokenizer.decode(ids));
            }
        }
        return texts;
    }

    private static Map<String, List<Byte>> files(Path path) throws IOException {
        var contents = new HashMap<String, List<Byte>>();
        try (Stream<Path> files = Files.list(path)) {
            for (Path file : files.toList()) {
                var bytes = new ArrayList<Byte>();
                for (byte b : Files.readAllBytes(file)) {
                    bytes.add(b);
                }
                contents.put(file.getFileName().toString(), bytes);
            }
        }
        return contents;
    }
}
