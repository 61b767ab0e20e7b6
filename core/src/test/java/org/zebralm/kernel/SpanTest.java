package org.zebralm.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class SpanTest {
    @Test
    void pairsEqualACountOneByOne() {
        for (Span span : List.of(Span.global(), new Span.Local(1), new Span.Local(4), new Span.Local(9))) {
            for (int position = 0; position < 14; position++) {
                for (int queries = 0; queries < 14; queries++) {
                    assertThat(span.pairs(position, queries))
                            .as("%s, %s queries from %s", span, queries, position)
                            .isEqualTo(count(span, position, queries));
                }
            }
        }
    }

    private static long count(Span span, int position, int queries) {
        long pairs = 0;
        for (int query = position; query < position + queries; query++) {
            for (int key = 0; key <= query; key++) {
                boolean sees = switch (span) {
                    case Span.Global _ -> true;
                    case Span.Local(int window) -> query - key < window;
                };
                pairs += sees ? 1 : 0;
            }
        }
        return pairs;
    }

    @Test
    void aWindowCountsTheQueryItself() {
        assertThat(new Span.Local(4).firstVisible(10)).isEqualTo(7);
        assertThat(new Span.Local(4).firstVisible(2)).isZero();
        assertThat(new Span.Local(1).firstVisible(10)).isEqualTo(10);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Span.Local(0))
                .withMessageContaining("must be at least 1: got 0");
    }

    @Test
    void longSequencesDoNotOverflow() {
        assertThat(Span.global().pairs(0, 1L << 30)).isEqualTo((1L << 29) * ((1L << 30) + 1));
        assertThat(new Span.Local(513).pairs(1L << 30, 1L << 30)).isEqualTo(513L << 30);
    }

    @Test
    void packedDocumentsAreCountedApart() {
        assertThat(CumulativeLengths.of(0, 3, 8).pairs(Span.global())).isEqualTo(6 + 15);
        assertThat(CumulativeLengths.of(0, 3, 8).positions()).containsExactly(0, 1, 2, 0, 1, 2, 3, 4);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CumulativeLengths.of(0, 3, 3))
                .withMessageContaining("got 3 then 3 at index 2");
        assertThatIllegalArgumentException().isThrownBy(() -> CumulativeLengths.of(1, 3));
        assertThatIllegalArgumentException().isThrownBy(CumulativeLengths::of);
    }
}
