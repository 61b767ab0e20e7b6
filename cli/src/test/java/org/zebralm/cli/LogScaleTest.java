package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class LogScaleTest {
    @Test
    void endsWhereTheValuesDo() {
        LogScale scale = LogScale.within(DoubleStream.of(1, 250, 40_000, Double.NaN, 0, -3));
        assertThat(scale.share(1)).isZero();
        assertThat(scale.share(200)).isEqualTo(0.5, within(1e-12));
        assertThat(scale.share(40_000)).isEqualTo(1);
        assertThat(scale.share(0)).isNaN();
        assertThat(labels(scale)).containsExactly("1", "10", "100", "1k", "10k");
    }

    @Test
    void aShortRangeHasTicksBetweenThePowersOfTen() {
        assertThat(labels(LogScale.within(DoubleStream.of(0.03, 4))))
                .containsExactly("0.05", "0.1", "0.2", "0.5", "1", "2");
    }

    @Test
    void oneValueAndNoneGetRoom() {
        LogScale one = LogScale.within(DoubleStream.of(3));
        assertThat(one.share(3)).isEqualTo(0.5, within(1e-12));
        assertThat(one.ticks()).isNotEmpty();
        assertThat(LogScale.within(DoubleStream.of()).ticks()).isNotEmpty();
    }

    private static List<String> labels(LogScale scale) {
        return scale.ticks().stream().map(scale::label).toList();
    }
}
