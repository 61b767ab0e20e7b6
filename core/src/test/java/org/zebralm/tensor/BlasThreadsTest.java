package org.zebralm.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class BlasThreadsTest {
    @Test
    void aLimitHoldsUntilItsGuardIsClosed() {
        int before = BlasThreads.count();
        try (var _ = BlasThreads.limit(1)) {
            assertThat(BlasThreads.count()).isEqualTo(1);
        }
        assertThat(BlasThreads.count()).isEqualTo(before);
    }

    @Test
    void noThreadAtAllIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BlasThreads.limit(0))
                .withMessage("numThreads must be at least 1: got 0");
    }
}
