package org.zebralm.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.zebralm.testing.TinyModels.GLOBAL;
import static org.zebralm.testing.TinyModels.config;
import static org.zebralm.testing.TinyModels.local;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.CumulativeLengths;

class CostTest {
    @Test
    void attentionFlopsCountThePairsAttended() {
        ZebraConfig config = config(GLOBAL, local(3), local(9));
        for (int length : new int[] {1, 2, 3, 4, 9, 40}) {
            long pairs = 0;
            for (int window : new int[] {length, 3, 9}) {
                for (int query = 0; query < length; query++) {
                    for (int key = 0; key <= query; key++) {
                        pairs += query - key < window ? 1 : 0;
                    }
                }
            }
            // Two products (scores, values) of 8 elements per pair and head, 4 heads, 2 FLOPs an element.
            assertThat(new Cost(config).attentionFlops(length)).isEqualTo(pairs * 4.0 * 2 * 2 * 8);
        }
    }

    @Test
    void flopsPerTokenAreMatricesAndAttention() {
        // Per layer 24x32 queries and outputs, 24x16 keys and values, 3 x 24x40 feed-forward; a head of 24x61.
        long matrices = 2 * (24 * (2 * 32 + 2 * 16) + 3 * 24 * 40) + 24 * 61;
        Cost cost = new Cost(config(GLOBAL, local(3)));
        assertThat(cost.matrixParameters()).isEqualTo(matrices);
        double attention = cost.attentionFlops(10) / 10;
        assertThat(cost.flopsPerToken(10)).isCloseTo(2 * matrices + attention, Offset.offset(1e-9));
        assertThat(cost.trainingFlopsPerToken(10)).isCloseTo(6 * matrices + 3.5 * attention, Offset.offset(1e-9));
    }

    @Test
    void packedDocumentsAttendEachWithinItself() {
        Cost cost = new Cost(config(GLOBAL, local(3)));
        // Global: 1+2+..+n pairs; within a window of 3: 1, 2, then 3 a token. Documents of 10 and 4 tokens.
        double pairs = (55 + 10) + (1 + 2 + 8 * 3) + (1 + 2 + 2 * 3);
        double expected = 6.0 * cost.matrixParameters() * 14 + 3.5 * 4 * pairs * 4 * 8;
        assertThat(cost.trainingFlops(CumulativeLengths.of(0, 10, 14))).isCloseTo(expected, Offset.offset(1e-6));
        assertThat(cost.trainingFlops(CumulativeLengths.single(10)))
                .isCloseTo(10 * cost.trainingFlopsPerToken(10), Offset.offset(1e-6));
    }

    @Test
    void groupsStartWithAGlobalLayer() {
        assertThat(AttentionType.grouped(5, 2, 7)).containsExactly(GLOBAL, local(7), GLOBAL, local(7), GLOBAL);
        assertThat(AttentionType.grouped(3, 1, 7)).containsExactly(GLOBAL, GLOBAL, GLOBAL);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AttentionType.grouped(4, 5, 7))
                .withMessageContaining("got 5 and 4");
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionType.grouped(4, 0, 7));
        assertThatIllegalArgumentException().isThrownBy(() -> AttentionType.grouped(4, 2, 0));
    }

    @Test
    void impossibleSizesAreRefusedWithTheRuleAndTheValue() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config())
                .withMessageContaining("numLayers must be at least 1");
        var types = config(GLOBAL).attentionTypes();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ZebraConfig(61, 24, 40, 32, 5, 8, types, 1e4, 1e-5, 512, false, -1, -1, -1))
                .withMessage("numHeads must be a multiple of numKvHeads: got 32 and 5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ZebraConfig(61, 24, 40, 4, 2, 7, types, 1e4, 1e-5, 512, false, -1, -1, -1))
                .withMessageContaining("headDim must be even");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ZebraConfig(61, 24, 40, 4, 2, 8, types, 1e4, 1e-5, 512, false, 61, -1, -1))
                .withMessageContaining("bosTokenId must be -1 or below vocabSize: got 61");
    }
}
