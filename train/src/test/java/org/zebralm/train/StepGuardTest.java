package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.zebralm.tensor.DType;
import org.zebralm.tensor.Scope;

class StepGuardTest {
    @Test
    void aSpikeExceedsTheFactorTimesTheMedianOfTheLastTakenSteps() {
        try (var _ = Scope.open();
                var memory = memory()) {
            var guard = new StepGuard(new GuardConfig(3, 3, 9), memory);
            // Nothing is a spike before three steps were taken.
            assertThat(guard.judge(1, 1)).isNull();
            assertThat(guard.judge(1, 100)).isNull();
            assertThat(guard.judge(1, 2)).isNull();
            // 1, 100, 2: the median is 2.
            assertThat(guard.judge(1, 6.001)).contains("6.001, is over 3.000 times", "last 3 steps, 2.000");
            assertThat(guard.judge(1, 6)).isNull();
            // 100, 2, 6: the median is 6.
            assertThat(guard.judge(1, 18.001)).isNotNull();
            assertThat(guard.judge(1, 17.9)).isNull();
            // 2, 6, 17.9: still 6, and not what the skipped steps had.
            assertThat(guard.judge(1, 18.001)).isNotNull();
        }
    }

    @Test
    void anEvenWindowTakesTheMeanOfTheMiddleTwo() {
        try (var _ = Scope.open();
                var memory = memory()) {
            var guard = new StepGuard(new GuardConfig(2, 2, 9), memory);
            guard.judge(1, 1);
            guard.judge(1, 3);
            assertThat(guard.judge(1, 4.1)).isNotNull();
            assertThat(guard.judge(1, 4)).isNull();
        }
    }

    @Test
    void whatIsNotFiniteIsSkippedAndCounted() {
        try (var _ = Scope.open();
                var memory = memory()) {
            var guard = new StepGuard(new GuardConfig(0, 2, 2), memory);
            assertThat(guard.judge(Double.POSITIVE_INFINITY, 1)).isEqualTo("its loss is not finite");
            assertThat(guard.exhausted()).isFalse();
            assertThat(guard.judge(1, Double.NaN)).isEqualTo("its gradient is not finite");
            assertThat(guard.exhausted()).isTrue();
            assertThat(guard.judge(1, 1)).isNull();
            assertThat(guard.exhausted()).isFalse();
        }
    }

    @Test
    void numbersOutOfRangeAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuardConfig(1, 3, 9))
                .withMessage("spikeFactor must be above 1, or 0 for no spike rule: got 1.0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuardConfig(2, 0, 9))
                .withMessage("spikeWindow must be at least 1: got 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new GuardConfig(2, 1, 0))
                .withMessage("maxSkipped must be at least 1: got 0");
    }

    private static Parameters memory() {
        return new Parameters(
                (_, _, _) -> {
                    throw new AssertionError("a guard has no weights");
                },
                DType.FLOAT32);
    }
}
