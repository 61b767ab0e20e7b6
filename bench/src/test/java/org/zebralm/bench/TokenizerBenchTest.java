package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.bench.TokenizerBench.Result;
import org.zebralm.bench.TokenizerBench.Task;
import org.zebralm.data.Document;
import org.zebralm.data.DocumentSource;
import org.zebralm.data.ReadReport;
import org.zebralm.data.SplitPattern;

class TokenizerBenchTest {

    private static final DocumentSource TEXTS = consumer -> {
        for (int i = 0; i < 10; i++) {
            consumer.accept(new Document("x", "é word after word, 10 times\n".repeat(10)));
        }
        return new ReadReport(10, 0, 0, List.of());
    };

    private static final int DOCUMENT_BYTES = 280 + 10;

    @Test
    void everyTaskIsTimedAndBothEncodersGiveAsManyTokens() {
        List<Result> results = new ArrayList<>();
        // A quarter of the text and a byte: every fourth of ten documents, the first included.
        new TokenizerBench(SplitPattern.GPT4, 270, 10 * DOCUMENT_BYTES / 4 + 1, 2)
                .run(TEXTS, results::add, () -> false);
        assertThat(results).extracting(Result::task).containsExactly(Task.values());
        assertThat(results)
                .extracting(Result::bytes)
                .containsExactly(10L * DOCUMENT_BYTES, 3L * DOCUMENT_BYTES, 3L * DOCUMENT_BYTES);
        assertThat(results.get(0).tokens()).isEqualTo(270);
        assertThat(results.get(1).tokens()).isEqualTo(results.get(2).tokens()).isPositive();
        for (Result result : results) {
            assertThat(result.seconds()).isGreaterThanOrEqualTo(result.bestSeconds());
            assertThat(result.bestSeconds()).isPositive();
        }
    }

    @Test
    void stoppedRunHasNoResult() {
        List<Result> results = new ArrayList<>();
        new TokenizerBench(SplitPattern.GPT4, 270, 100, 1).run(TEXTS, results::add, () -> true);
        assertThat(results).isEmpty();
    }

    @Test
    void noTextIsRefused() {
        DocumentSource none = _ -> new ReadReport(0, 0, 0, List.of());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TokenizerBench(SplitPattern.GPT4, 270, 100, 1).run(none, _ -> {}, () -> false))
                .withMessageContaining("text");
    }
}
