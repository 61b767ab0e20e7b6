package org.zebralm.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.zebralm.train.ScheduleConfig.Kind;

/// Every schedule at steps whose share can be worked out by hand: runs of 24 steps, 4 of them warmup.
class ScheduleConfigTest {
    @ParameterizedTest
    @CsvSource({
        // The rise: 1/4, 2/4, 3/4, 4/4, whatever follows.
        "CONSTANT,  0, 0.25",
        "COSINE,    1, 0.5",
        "LINEAR,    2, 0.75",
        "WSD,       3, 1",
        "CONSTANT,  4, 1",
        "CONSTANT, 23, 1",
        // Half a cosine over steps 4 .. 24, from 1 to 0.2: a quarter of the way, cos 45 degrees is 0.70711.
        "COSINE,    4, 1",
        "COSINE,    9, 0.8828427",
        "COSINE,   14, 0.6",
        "COSINE,   19, 0.3171573",
        "COSINE,   24, 0.2",
        "COSINE,   99, 0.2",
        // A line over the same steps: 0.04 a step.
        "LINEAR,    4, 1",
        "LINEAR,    5, 0.96",
        "LINEAR,   14, 0.6",
        "LINEAR,   23, 0.24",
        "LINEAR,   24, 0.2",
        // The last quarter of 24 steps: 6 steps from step 18 on, a sixth of 0.8 each.
        "WSD,       4, 1",
        "WSD,      18, 1",
        "WSD,      19, 0.8666667",
        "WSD,      21, 0.6",
        "WSD,      23, 0.3333333",
        "WSD,      24, 0.2",
    })
    void sharesAreThoseWorkedOutByHand(Kind kind, int step, double share) {
        assertThat(new ScheduleConfig(kind, 4, 0.2, 0.25).shareAt(step, 24)).isCloseTo(share, within(1e-7));
    }

    @Test
    void withoutWarmupTheFirstStepIsAtThePeak() {
        for (Kind kind : Kind.values()) {
            assertThat(new ScheduleConfig(kind, 0, 0, 0.5).shareAt(0, 10))
                    .as(kind.name())
                    .isEqualTo(1);
        }
    }

    @Test
    void theLearningRateIsTheShareOfThePeak() {
        TrainConfig config = TrainConfig.defaults();
        assertThat(config.learningRateAt(0)).isCloseTo(1e-3 / 50, within(1e-12));
        assertThat(config.learningRateAt(49)).isCloseTo(1e-3, within(1e-12));
        assertThat(config.learningRateAt(525)).isCloseTo(5.5e-4, within(1e-12));
    }

    @Test
    void aScheduleThatDoesNotFitTheRunIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScheduleConfig(Kind.COSINE, 10, 0, 0.5).requireFits(10))
                .withMessage("schedule.warmupSteps must be below steps: got 10 and 10");
        new ScheduleConfig(Kind.WSD, 6, 0, 0.4).requireFits(10);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScheduleConfig(Kind.WSD, 7, 0, 0.4).requireFits(10))
                .withMessageContaining("got 7 steps of warmup, and a decay from step 6 to 10");
    }

    @Test
    void numbersOutOfRangeAreRefusedByName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScheduleConfig(Kind.WSD, -1, 0, 0.4))
                .withMessage("warmupSteps must be at least 0: got -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScheduleConfig(Kind.WSD, 1, 1.5, 0.4))
                .withMessage("finalShare must be between 0 and 1: got 1.5");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ScheduleConfig(Kind.WSD, 1, 0, 0))
                .withMessage("decayShare must be above 0 and at most 1: got 0.0");
    }
}
