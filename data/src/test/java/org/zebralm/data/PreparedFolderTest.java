package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedFolderTest {

    private static final byte[] TOKENIZER = "{}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private String fingerprint = "";

    @BeforeEach
    void prepare() throws Exception {
        fingerprint =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(TOKENIZER));
        Files.write(folder.resolve("tokenizer.json"), TOKENIZER);
        write(List.of(shard("a.tokens", 3, 4), shard("b.tokens", 5)), List.of(shard("c.tokens", 2)));
    }

    @Test
    void whatWasPreparedIsOpened() {
        try (PreparedFolder prepared = PreparedFolder.open(folder)) {
            assertThat(prepared.train()).extracting(TokenShard::numTokens).containsExactly(4L + 5, 6L);
            assertThat(prepared.heldOut()).extracting(TokenShard::numDocuments).containsExactly(1);
            assertThat(prepared.manifest().trainTokens()).isEqualTo(15);
            assertThat(prepared.manifest().heldOutTokens()).isEqualTo(3);
            assertThat(prepared.manifest().tokenizer().vocabSize()).isEqualTo(300);
            assertThat(prepared.manifest()
                            .sources()
                            .getFirst()
                            .skipped()
                            .getFirst()
                            .reason())
                    .isEqualTo("corrupt");
            assertThat(prepared.tokenizer()).isEqualTo(folder.resolve("tokenizer.json"));
        }
    }

    @Test
    void aFolderWithoutAManifestIsNone() throws IOException {
        Files.delete(folder.resolve("manifest.json"));
        assertThat(PreparedFolder.isAt(folder)).isFalse();
        assertRefused("manifest.json", "zebra data prepare");
    }

    @Test
    void anotherTokenizerFileIsRefusedByBothHashes() throws Exception {
        byte[] other = "{ }".getBytes(StandardCharsets.UTF_8);
        Files.write(folder.resolve("tokenizer.json"), other);
        String hash =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(other));
        assertRefused(fingerprint, hash);
    }

    @Test
    void aShardOfAnotherTokenizerIsRefusedByBothHashes() {
        Shards.counting(folder.resolve("b.tokens"), 300, 5);
        assertRefused("b.tokens", fingerprint, Shards.FINGERPRINT);
    }

    @Test
    void aShardOfAnotherPreparationIsRefused() {
        // The same counts and the same tokenizer: only the checksum tells.
        try (TokenShardWriter writer = TokenShardWriter.create(folder.resolve("b.tokens"), 300, 0, fingerprint)) {
            writer.append(new int[] {9, 9, 9, 9, 9});
            writer.endDocument();
            writer.finish();
        }
        assertRefused("b.tokens", "prepare the text again");
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        Files.delete(folder.resolve("b.tokens"));
        assertRefused("b.tokens");
    }

    @Test
    void aManifestThatIsNoneIsNamed() throws IOException {
        Path file = folder.resolve("manifest.json");
        String good = Files.readString(file);
        Files.writeString(file, good.substring(0, good.length() / 2));
        assertRefused("manifest.json");
        Files.writeString(file, good.replace("\"version\" : 1", "\"version\" : 2"));
        assertRefused("version must be 1: got 2");
        Files.writeString(file, good.replace("\"heldOutShare\"", "\"share\""));
        assertRefused("manifest.json");
        Files.writeString(file, good.replace("\"b.tokens\"", "\"../b.tokens\""));
        assertRefused("its own folder", "../b.tokens");
        Files.writeString(file, "[]");
        assertRefused("manifest.json");
    }

    @Test
    void aFolderWithNothingToTrainOnIsRefused() throws IOException {
        write(List.of(), List.of(shard("c.tokens", 2)));
        assertRefused("text to train on");
    }

    private void assertRefused(String... words) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PreparedFolder.open(folder))
                .withMessageContainingAll(words);
    }

    private PreparedManifest.Shard shard(String name, int... lengths) {
        Path path = folder.resolve(name);
        try (TokenShardWriter writer = TokenShardWriter.create(path, 300, 0, fingerprint)) {
            for (int length : lengths) {
                writer.append(IntStream.generate(() -> 1).limit(length).toArray());
                writer.endDocument();
            }
            writer.finish();
        }
        try (TokenShard shard = TokenShard.open(path)) {
            return PreparedFolder.entry(shard);
        }
    }

    private void write(List<PreparedManifest.Shard> train, List<PreparedManifest.Shard> heldOut) throws IOException {
        var manifest = new PreparedManifest(
                1,
                "zebra test",
                new PreparedManifest.TokenizerFile("tokenizer.json", fingerprint, 300, 0),
                0.01,
                new PreparedManifest.Splits(train, heldOut),
                List.of(new PreparedManifest.Source(
                        "texts", 2, 40, 3, 38, 1, 1, List.of(new ReadReport.Skipped("bad.gz", "corrupt")))));
        Files.write(folder.resolve("manifest.json"), manifest.toJson());
    }
}
