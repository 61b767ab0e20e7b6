package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenShardTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {65_536, 65_537, 1_000_000})
    void whatWasWrittenIsRead(int vocabSize) {
        Path path = folder.resolve("shard");
        try (TokenShardWriter writer = TokenShardWriter.create(path, vocabSize, 0, Shards.FINGERPRINT)) {
            writer.append(new int[] {vocabSize - 1, 7});
            writer.append(new int[] {40_000});
            writer.endDocument();
            writer.endDocument();
            writer.append(IntStream.range(1, 60_000).toArray());
            writer.endDocument();
            writer.finish();
        }
        try (TokenShard shard = TokenShard.open(path)) {
            assertThat(shard.numDocuments()).isEqualTo(3);
            assertThat(shard.numTokens()).isEqualTo(4 + 1 + 60_000);
            assertThat(IntStream.rangeClosed(0, 3).mapToLong(shard::documentStart))
                    .containsExactly(0L, 4L, 5L, 60_005L);
            int[] read = new int[8];
            shard.read(0, 6, read, 1);
            assertThat(read).containsExactly(0, vocabSize - 1, 7, 40_000, 0, 0, 1, 0);
            assertThat(shard.token(60_003)).isEqualTo(59_999);
            assertThat(shard.vocabSize()).isEqualTo(vocabSize);
        }
    }

    @Test
    void everyTruncationAndEveryFlippedByteIsRefusedByName() throws IOException {
        byte[] whole = Files.readAllBytes(Shards.counting(folder.resolve("whole"), 300, 5, 0, 17));
        Path path = folder.resolve("broken");
        for (int size = 0; size < whole.length; size++) {
            Files.write(path, Arrays.copyOf(whole, size));
            assertRefused(path);
        }
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= 0x10;
            Files.write(path, flipped);
            assertRefused(path);
        }
    }

    @Test
    void otherTokenizerIsRefused() {
        Path path = Shards.counting(folder.resolve("shard"), 300, 5);
        try (TokenShard shard = TokenShard.open(path)) {
            shard.requireFingerprint(Shards.FINGERPRINT);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> shard.requireFingerprint("cd".repeat(32)))
                    .withMessageContaining(path.toString());
        }
    }

    @Test
    void unfinishedShardLeavesNothingAndKeepsTheOld() throws IOException {
        Path path = Shards.counting(folder.resolve("shard"), 300, 5);
        byte[] old = Files.readAllBytes(path);
        try (TokenShardWriter writer = TokenShardWriter.create(path, 300, 0, Shards.FINGERPRINT)) {
            writer.append(new int[] {1});
            assertThatExceptionOfType(IllegalStateException.class).isThrownBy(writer::finish);
        }
        assertThat(path).hasBinaryContent(old);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(path);
        }
    }

    @Test
    void idsOutsideTheVocabularyAreRefused() {
        try (TokenShardWriter writer = TokenShardWriter.create(folder.resolve("s"), 300, 0, Shards.FINGERPRINT)) {
            for (int id : new int[] {-1, 300, 0}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> writer.append(new int[] {id}))
                        .withMessageContaining("got " + id);
            }
        }
    }

    private static void assertRefused(Path path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TokenShard.open(path))
                .withMessageContaining(path.toString());
    }
}
