package org.zebralm.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PerplexityByLengthTest {
    /// A document whose ids tell which document they are of, and where.
    private static int[] document(int number, int length) {
        return IntStream.range(0, length).map(i -> number * 1000 + i).toArray();
    }

    @Test
    void everyLengthScoresTheSameTargetsWithExactlyThatManyTokens() {
        List<String> asked = new ArrayList<>();
        Scorer scorer = (count, ids) -> {
            asked.add(ids[0] + ".." + ids[ids.length - 1] + " last " + count);
            return new float[count];
        };
        PerplexityByLength.measure(
                scorer, List.of(document(1, 19), document(2, 7), document(3, 8)), List.of(4, 8), 3, 10);
        assertThat(asked)
                .containsExactly(
                        "1004..1007 last 3",
                        "3004..3007 last 3",
                        "1012..1015 last 3",
                        "1000..1007 last 3",
                        "3000..3007 last 3",
                        "1008..1015 last 3");
    }

    @Test
    void windowsComeFromAllDocumentsBeforeAnyGivesASecond() {
        var documents = List.of(document(1, 40), document(2, 10), document(3, 25));
        assertThat(PerplexityByLength.windows(documents, 10, 100))
                .extracting(window -> window[0])
                .containsExactly(1000, 2000, 3000, 1010, 3010, 1020, 1030);
        assertThat(PerplexityByLength.windows(documents, 10, 4))
                .extracting(window -> window[0])
                .containsExactly(1000, 2000, 3000, 1010);
    }

    @Test
    void rowsHoldTheMeanOverWindowsAndItsError() {
        // The loss of a token is its id over 1000 plus one over the number of ids given.
        Scorer scorer = (count, ids) -> {
            float[] losses = new float[count];
            for (int i = 0; i < count; i++) {
                losses[i] = ids[ids.length - count + i] / 1000f + 1f / ids.length;
            }
            return losses;
        };
        var documents = List.of(document(1, 8), document(2, 8), document(4, 8));
        PerplexityByLength result = PerplexityByLength.measure(scorer, documents, List.of(4, 8), 2, 10);
        assertThat(result.numWindows()).isEqualTo(3);
        assertThat(result.rows()).extracting(PerplexityByLength.Row::length).containsExactly(4, 8);
        // Windows' means are 1.0065, 2.0065, 4.0065 and the added part.
        double mean = (1.0065 + 2.0065 + 4.0065) / 3;
        double spread = (Math.pow(1.0065 - mean, 2) + Math.pow(2.0065 - mean, 2) + Math.pow(4.0065 - mean, 2)) / 2;
        for (var row : result.rows()) {
            double expected = mean + 1.0 / row.length();
            assertThat(row.meanLoss()).isCloseTo(expected, Offset.offset(1e-6));
            assertThat(row.perplexity()).isCloseTo(Math.exp(expected), Offset.offset(1e-4));
            assertThat(row.standardError()).isCloseTo(Math.sqrt(spread / 3), Offset.offset(1e-6));
            assertThat(row.numTokens()).isEqualTo(6);
        }
        var single = PerplexityByLength.measure(scorer, documents, List.of(4), 2, 1);
        assertThat(single.rows().getFirst().standardError()).isNaN();
    }

    @Test
    void whatCannotBeMeasuredIsRefused() {
        Scorer scorer = (count, _) -> new float[count];
        var documents = List.of(document(1, 99), document(2, 57));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityByLength.measure(scorer, documents, List.of(50, 100), 10, 5))
                .withMessageContaining("at least 100 tokens is needed: the longest of 2 has 99");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityByLength.measure(scorer, List.of(), List.of(50), 10, 5))
                .withMessageContaining("the longest of 0 has 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityByLength.measure(scorer, documents, List.of(10, 50), 10, 5))
                .withMessageContaining("got 10 with 10 targets");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityByLength.measure(scorer, documents, List.of(), 10, 5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PerplexityByLength.measure(scorer, documents, List.of(50), 10, 0));
    }
}
