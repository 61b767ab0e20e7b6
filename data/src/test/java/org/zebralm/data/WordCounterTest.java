package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class WordCounterTest {

    private static final long MUCH = 1L << 30;

    @Test
    void documentsCountedTogetherAreTheSumOfEach() {
        WordCounts counts = Words.count(SplitPattern.GPT2, "one two<|endoftext|>", "two \uD83E", "<|endoftext|>", "");
        assertThat(Words.map(counts)).isEqualTo(Map.of("one", 1L, " two", 1L, "two", 1L, " \uFFFD", 1L));
        assertThat(counts.numWords()).isEqualTo(4);
        assertThat(counts.numDropped()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void countsAreThoseOfTheExpressionForAnyThreadsAndMemory(SplitPattern split) {
        // Over 32,768 distinct words, so that threads hand on full tables, and over a task's characters.
        List<String> texts = new ArrayList<>();
        for (int seed = 0; seed < 8; seed++) {
            int first = 6_000 * seed;
            texts.add(IntStream.range(first, first + 12_000)
                    .mapToObj(i -> Integer.toString(i * 7919, 36).replaceAll("[0-9]", "") + "é" + i % 100)
                    .collect(Collectors.joining(" ")));
            texts.add(SampleTexts.unicode(seed, 5_000));
        }
        texts.add(String.join("\n", texts).repeat(2));
        Map<String, Long> expected = RegexWords.counts(split, texts);
        for (int threads = 1; threads <= 3; threads++) {
            for (long memory : new long[] {MUCH, 1 << 20, 1}) {
                var counter = new WordCounter(split, SpecialTokens.END_OF_TEXT, threads, memory, MUCH);
                assertThat(Words.map(counter.count(Words.documents(texts), _ -> {})))
                        .as("%d threads, %d bytes", threads, memory)
                        .isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1000000000", "1"})
    void rarestWordsAreDroppedAllOfACountTogether(long memory) {
        String text = "a a a b b c c d e f";
        var counter = new WordCounter(SplitPattern.GPT2, SpecialTokens.END_OF_TEXT, 2, memory, 4);
        WordCounts counts = counter.count(Words.documents(List.of(text)), _ -> {});
        // " a" is one word, "a" at the start another.
        assertThat(Words.map(counts)).isEqualTo(Map.of(" a", 2L, " b", 2L, " c", 2L));
        assertThat(counts.numDropped()).isEqualTo(4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> counter.withMaxWords(2).count(Words.documents(List.of(text)), _ -> {}))
                .withMessageContaining("3 most frequent")
                .withMessageContaining("got 2");
    }

    @Test
    void specialTokensAreNoWordsAndTheLongestCounts() {
        var specials = SpecialTokens.of(List.of("<s>", "<s>>"));
        var counter = WordCounter.of(SplitPattern.GPT2, specials);
        WordCounts counts = counter.count(Words.documents(List.of("a<s>>a<|endoftext|><s>b<s")), _ -> {});
        assertThat(Words.map(counts)).isEqualTo(Map.of("a", 2L, "b", 1L, "<", 1L, "s", 1L));
    }

    @Test
    void failureWhileReadingIsHandedOn() {
        DocumentSource broken = consumer -> {
            consumer.accept(new Document("x", "some text"));
            throw new IllegalStateException("broken");
        };
        assertThatIllegalStateException()
                .isThrownBy(() -> WordCounts.of(broken, SplitPattern.GPT4, _ -> {}))
                .withMessage("broken");
    }
}
