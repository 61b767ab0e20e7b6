package org.zebralm.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerTest {

    @TempDir
    Path folder;

    @Test
    void bytesAreTheIdsOfAByteTokenizer() {
        String text = "naïve \u0000 日本 \uD83E\uDD93\r\n";
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            int[] expected = IntStream.range(0, bytes.length)
                    .map(i -> Byte.toUnsignedInt(bytes[i]))
                    .toArray();
            assertThat(tokenizer.encode(text)).isEqualTo(expected);
            assertThat(tokenizer.decode(expected)).isEqualTo(text);
        }
    }

    @Test
    void textsOfEveryUnicodePlaneSurvive() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            for (int plane = 0; plane <= 16; plane++) {
                int first = plane << 16;
                String text = IntStream.range(first, first + 0x10000)
                        .filter(c -> c % 61 == 0 && (c < 0xD800 || c > 0xDFFF))
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString();
                assertThat(tokenizer.decode(tokenizer.encode(text))).isEqualTo(text);
            }
        }
    }

    @Test
    void longTextsAreNotCutOff() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(tokenizer.encode("x".repeat(5000))).hasSize(5000);
            assertThat(tokenizer.encodeAll(List.of("x".repeat(5000), "y")).getFirst())
                    .hasSize(5000);
        }
    }

    @Test
    void loneSurrogatesAreEncodedAsReplacementCharacters() {
        String broken = "a\uD83Eb\uDD93\uDD93\uD83E";
        assertThat(WellFormed.of(broken)).isEqualTo(new WellFormed("a\uFFFDb\uFFFD\uFFFD\uFFFD", 4));
        assertThat(WellFormed.of("\uD83E\uDD93")).isEqualTo(new WellFormed("\uD83E\uDD93", 0));
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(tokenizer.decode(tokenizer.encode(broken))).isEqualTo("a\uFFFDb\uFFFD\uFFFD\uFFFD");
        }
    }

    @Test
    void manyTextsAreEncodedLikeEach() {
        List<String> texts = List.of("one", "", "two three", "\uD83Ebroken");
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(tokenizer.encodeAll(texts))
                    .containsExactlyElementsOf(
                            texts.stream().map(tokenizer::encode).toList());
            assertThat(tokenizer.encodeAll(List.of())).isEmpty();
        }
    }

    @Test
    void specialTokensAreShownOrLeftOut() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            int[] ids = {'h', 'i', TinyTokenizers.END_OF_TEXT};
            assertThat(tokenizer.decode(ids)).isEqualTo("hi<|endoftext|>");
            assertThat(tokenizer.decode(ids, true)).isEqualTo("hi");
        }
    }

    @Test
    void vocabularyIsKnown() {
        Path path = TinyTokenizers.bytes(folder);
        try (Tokenizer tokenizer = Tokenizer.load(path)) {
            assertThat(tokenizer.vocabSize()).isEqualTo(257);
            assertThat(tokenizer.idOf("Ġ")).hasValue(' ');
            assertThat(tokenizer.idOf("<|endoftext|>")).hasValue(TinyTokenizers.END_OF_TEXT);
            assertThat(tokenizer.idOf("zebra")).isEmpty();
            assertThat(tokenizer.path()).isEqualTo(path);
        }
    }

    @Test
    void idsWithoutTextDecodeToNothing() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(tokenizer.decode(new int[] {'a', 100_000, 'b'})).isEqualTo("ab");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> tokenizer.decode(new int[] {-1}))
                    .withMessageContaining("-1");
        }
    }

    @Test
    void unusableFilesAreNamed() throws IOException {
        Path missing = folder.resolve("missing.json");
        Path corrupt = Files.writeString(folder.resolve("corrupt.json"), "{\"model\": {\"type\": \"BPE\", ");
        Path other = Files.writeString(folder.resolve("other.json"), "{\"name\": \"zebra\"}");
        for (Path path : List.of(missing, corrupt, other, folder)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Tokenizer.load(path))
                    .withMessageContaining(path.toString());
        }
    }
}
