package org.zebralm.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class BatchTest {
    private static final Batch BATCH =
            new Batch(1, 4, new int[] {5, 6, 7, 8}, new int[] {6, Batch.IGNORED, 8, 9}, new int[] {0, 2, 4});

    @Test
    void aMaskTakesTargetsAwayAndAddsNone() {
        Batch masked = BATCH.withTargetsWhere(true, true, false, true);
        assertThat(masked.targets()).containsExactly(6, Batch.IGNORED, Batch.IGNORED, 9);
        assertThat(masked.numTargets()).isEqualTo(2);
        assertThat(masked.inputs()).containsExactly(5, 6, 7, 8);
        assertThat(masked.cumulativeLengths()).containsExactly(0, 2, 4);
        assertThat(BATCH.targets()).containsExactly(6, Batch.IGNORED, 8, 9);
    }

    @Test
    void aMaskOfAnotherLengthIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BATCH.withTargetsWhere(true))
                .withMessage("a mask needs an entry for each of 4 targets: got 1");
    }
}
