package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BpeTrainerTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void mergesAreThoseOfTheDefinition(long seed) {
        String text = SampleTexts.words(seed, 300) + " aaaa aaaaa aaa " + SampleTexts.unicode(seed, 300);
        WordCounts words = Words.count(SplitPattern.LLAMA3, text);
        BpeVocabulary vocabulary = train(words, 330);
        assertThat(SlowBpe.names(vocabulary))
                .isEqualTo(SlowBpe.train(RegexWords.counts(SplitPattern.LLAMA3, List.of(text)), 330));
    }

    @Test
    void greaterPairWinsATie() {
        BpeVocabulary vocabulary = train(Words.of(SplitPattern.GPT2, Map.of("ab", 2L, "cd", 2L)), 300);
        assertThat(SlowBpe.names(vocabulary)).containsExactly(List.of("c", "d"), List.of("a", "b"));
    }

    @Test
    void smallTextEndsTrainingEarly() {
        BpeVocabulary vocabulary = train(Words.count(SplitPattern.GPT2, "ab ab cd"), 5000);
        assertThat(SlowBpe.names(vocabulary)).containsExactly(List.of("a", "b"));
        assertThat(vocabulary.size()).isEqualTo(BpeVocabulary.MIN_SIZE + 1);
    }

    @Test
    void progressCountsUpToTheTotal() {
        var seen = new ArrayList<Integer>();
        WordCounts words = Words.count(SplitPattern.GPT2, SampleTexts.words(1, 300));
        new BpeTrainer(BpeVocabulary.MIN_SIZE + 10).train(words, (done, total) -> {
            assertThat(total).isEqualTo(10);
            seen.add(done);
        });
        assertThat(seen).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    }

    @Test
    void impossibleRequestsAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BpeTrainer(256))
                .withMessageContaining("257")
                .withMessageContaining("256");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> train(Words.count(SplitPattern.GPT2, ""), 300))
                .withMessageContaining("text");
    }

    private static BpeVocabulary train(WordCounts words, int vocabSize) {
        return new BpeTrainer(vocabSize).train(words, (_, _) -> {});
    }
}
