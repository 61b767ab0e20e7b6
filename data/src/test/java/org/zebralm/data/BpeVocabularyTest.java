package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.zebralm.tokenizer.Tokenizer;

/// What is trained here encodes in the Rust library as the definition says.
class BpeVocabularyTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource
    void rustLibraryEncodesLikeTheDefinition(SplitPattern split) {
        String trick = String.join("\n", SampleTexts.TRICKY);
        BpeVocabulary vocabulary = train(split, trick.repeat(3) + SampleTexts.words(7, 500), 700);
        try (Tokenizer tokenizer = load(vocabulary)) {
            assertThat(tokenizer.vocabSize()).isEqualTo(vocabulary.size());
            List<String> texts = new ArrayList<>(SampleTexts.TRICKY);
            texts.add(SampleTexts.words(8, 200));
            for (int seed = 0; seed < 20; seed++) {
                texts.add(SampleTexts.unicode(seed, 400));
            }
            for (String text : texts) {
                int[] ids = tokenizer.encode(text);
                assertThat(ids).as(text).isEqualTo(SlowBpe.encode(vocabulary, text));
                assertThat(tokenizer.decode(ids)).isEqualTo(text);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void rustLibrarySplitsEveryPlaneAsJavaDoes(SplitPattern split) throws IOException {
        Path path = folder.resolve("tokenizer.json");
        train(split, "a", BpeVocabulary.MIN_SIZE).write(path);
        List<String> texts = new ArrayList<>();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c += c < 0x3000 ? 1 : 97) {
            if (c < 0xD800 || c > 0xDFFF) {
                String sign = Character.toString(c);
                texts.add("a" + sign + "1" + sign + sign + ".'" + sign + "  " + sign + "\n");
            }
        }
        try (var rust = HuggingFaceTokenizer.builder()
                .optTokenizerPath(path)
                .optTruncation(false)
                .optPadding(false)
                .build()) {
            Encoding[] encodings = rust.batchEncode(texts);
            for (int i = 0; i < encodings.length; i++) {
                assertThat(wordLengths(encodings[i])).as(texts.get(i)).isEqualTo(wordLengths(split, texts.get(i)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void endOfTextIsOneTokenAndNoOtherIdMakesIt(SplitPattern split) {
        try (Tokenizer tokenizer = load(train(split, "<|endoftext|>".repeat(9), 400))) {
            assertThat(tokenizer.encode("a<|endoftext|>")).containsExactly(1 + 'a', BpeVocabulary.END_OF_TEXT_ID);
            assertThat(tokenizer.idOf(BpeVocabulary.END_OF_TEXT)).hasValue(BpeVocabulary.END_OF_TEXT_ID);
            assertThat(tokenizer.decode(new int[] {0}, true)).isEmpty();
        }
    }

    @Test
    void specialTokensHaveTheFirstIdsInTheirOrder() {
        var specials = SpecialTokens.of(List.of("<|im_start|>", "[PAD]"));
        WordCounts words = WordCounter.of(SplitPattern.GPT4, specials)
                .count(Words.documents(List.of("<|im_start|>abab<|im_start|>abab")), _ -> {});
        try (Tokenizer tokenizer = load(new BpeTrainer(261, specials).train(words, (_, _) -> {}))) {
            assertThat(tokenizer.encode("[PAD]a<|im_start|>abab<|endoftext|>")).containsExactly(2, 3 + 'a', 1, 260, 0);
            assertThat(tokenizer.decode(new int[] {260, 259, 1})).isEqualTo("abab" + "ab" + "<|im_start|>");
        }
    }

    @Test
    void specialTokensThatCannotBeAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpecialTokens.of(List.of("<a>", "<a>")))
                .withMessageContaining("once")
                .withMessageContaining("<a> twice");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpecialTokens.of(List.of("<|endoftext|>")))
                .withMessageContaining("always there");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpecialTokens.of(List.of("a")))
                .withMessageContaining("two characters")
                .withMessageContaining("\"a\"");
        var specials = SpecialTokens.of(List.of("<a>"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BpeTrainer(257, specials))
                .withMessageContaining("at least 258")
                .withMessageContaining("<a>")
                .withMessageContaining("got 257");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> new BpeTrainer(300, specials).train(Words.count(SplitPattern.GPT2, "a"), (_, _) -> {}))
                .withMessageContaining("between the special tokens");
        // In tokenizer.json both would be the same key.
        var blank = SpecialTokens.of(List.of("\u0120a"));
        WordCounts words = WordCounter.of(SplitPattern.GPT2, blank).count(Words.documents(List.of("a a a")), _ -> {});
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BpeTrainer(300, blank).train(words, (_, _) -> {}))
                .withMessageContaining("\u0120a");
    }

    private Tokenizer load(BpeVocabulary vocabulary) {
        Path path = folder.resolve("tokenizer.json");
        vocabulary.write(path);
        return Tokenizer.load(path);
    }

    private static BpeVocabulary train(SplitPattern split, String text, int vocabSize) {
        return new BpeTrainer(vocabSize).train(Words.count(split, text + "a"), (_, _) -> {});
    }

    private static List<Integer> wordLengths(SplitPattern split, String text) {
        return RegexWords.of(split, text).stream()
                .map(word -> word.getBytes(StandardCharsets.UTF_8).length)
                .toList();
    }

    /// The bytes of each word, from the word each id belongs to; without merges an id is a byte.
    private static List<Integer> wordLengths(Encoding encoding) {
        var lengths = new ArrayList<Integer>();
        long previous = -1;
        for (long word : encoding.getWordIds()) {
            if (word != previous) {
                lengths.add(0);
            }
            lengths.set(lengths.size() - 1, lengths.getLast() + 1);
            previous = word;
        }
        return lengths;
    }
}
