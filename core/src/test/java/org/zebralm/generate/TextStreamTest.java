package org.zebralm.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.zebralm.tokenizer.TinyTokenizers;
import org.zebralm.tokenizer.Tokenizer;

class TextStreamTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain text",
                "日本語の文字列と中文",
                "a zebra \uD83E\uDD93, a family \uD83D\uDC68\u200D\uD83D\uDC69\u200D\uD83D\uDC67, a flag \uD83C\uDDE9\uD83C\uDDEA",
                "combining: e\u0301 n\u0303 \u0928\u093F",
                "a real \uFFFD and two \uFFFD\uFFFD\n",
                "  blanks\n\n\tand lines \r\n",
            })
    void piecesJoinToTheWholeTextAndEachIsWhole(String text) {
        try (Tokenizer bytes = Tokenizer.load(TinyTokenizers.bytes(folder));
                Tokenizer pieces = Tokenizer.load(TinyTokenizers.pieces(folder))) {
            for (Tokenizer tokenizer : List.of(bytes, pieces)) {
                List<String> pushed = push(tokenizer, tokenizer.encode(text));
                assertThat(String.join("", pushed)).isEqualTo(text);
                assertThat(pushed)
                        .allSatisfy(piece -> assertThat(isWhole(piece)).isTrue());
            }
        }
    }

    @Test
    void charactersAppearWithTheirLastByte() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(push(tokenizer, tokenizer.encode("a日b"))).containsExactly("a", "", "", "日", "b", "");
        }
    }

    @Test
    void unfinishedCharacterIsReplacedAtTheEnd() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            assertThat(push(tokenizer, new int[] {'a', 0xE6, 0x97})).containsExactly("a", "", "", "\uFFFD");
        }
    }

    @Test
    void brokenBytesAreShownAfterAWhile() {
        int[] junk = IntStream.range(0, 100).map(_ -> 0xFF).toArray();
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            List<String> pushed = push(tokenizer, junk);
            assertThat(String.join("", pushed)).isEqualTo("\uFFFD".repeat(100));
            assertThat(pushed.subList(0, 40).stream().collect(Collectors.joining()))
                    .isNotEmpty();
        }
    }

    @Test
    void specialTokensHaveNoTextAndHideNoBlank() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            int[] ids = {'a', TinyTokenizers.END_OF_TEXT, ' ', 'b'};
            assertThat(String.join("", push(tokenizer, ids))).isEqualTo("a b");
            var shown = new TextStream(tokenizer, false);
            assertThat(shown.push(TinyTokenizers.END_OF_TEXT)).isEqualTo("<|endoftext|>");
        }
    }

    @Test
    void textAfterAPromptKeepsItsBlank() {
        String text = "the zebra runs  far and farther than any of the others";
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.pieces(folder))) {
            int[] ids = tokenizer.encode(text);
            for (int length = 1; length < ids.length; length++) {
                int[] prompt = Arrays.copyOf(ids, length);
                var stream = new TextStream(tokenizer).after(prompt);
                var rest = new StringBuilder();
                for (int i = length; i < ids.length; i++) {
                    rest.append(stream.push(ids[i]));
                }
                rest.append(stream.flush());
                assertThat(tokenizer.decode(prompt) + rest).isEqualTo(text);
            }
        }
    }

    @Test
    void streamCanBeUsedAgainAfterFlush() {
        try (Tokenizer tokenizer = Tokenizer.load(TinyTokenizers.bytes(folder))) {
            var stream = new TextStream(tokenizer);
            assertThat(stream.push(0xE6)).isEmpty();
            assertThat(stream.flush()).isEqualTo("\uFFFD");
            assertThat(stream.flush()).isEmpty();
            assertThat(stream.push('x')).isEqualTo("x");
        }
    }

    /// What each id showed, and last what the end of the text showed.
    private static List<String> push(Tokenizer tokenizer, int[] ids) {
        var stream = new TextStream(tokenizer);
        var shown = new ArrayList<String>();
        for (int id : ids) {
            shown.add(stream.push(id));
        }
        shown.add(stream.flush());
        return shown;
    }

    private static boolean isWhole(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
