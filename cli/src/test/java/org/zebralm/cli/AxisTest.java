package org.zebralm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class AxisTest {
    @Test
    void endsOnRoundNumbersAroundTheValues() {
        assertThat(labels(Axis.around(DoubleStream.of(3.62, 9.1), 7)))
                .containsExactly("3", "4", "5", "6", "7", "8", "9", "10");
        assertThat(labels(Axis.around(DoubleStream.of(0.13, 0.48), 7)))
                .startsWith("0.1", "0.15", "0.2")
                .endsWith("0.5");
    }

    @Test
    void orTicksLieWithinTheValues() {
        Axis axis = Axis.within(DoubleStream.of(100_000, 3_700_000), 7);
        assertThat(labels(axis)).containsExactly("1M", "2M", "3M");
        assertThat(axis.share(100_000)).isZero();
        assertThat(axis.share(3_700_000)).isEqualTo(1);
    }

    @Test
    void largeNumbersAreShort() {
        assertThat(labels(Axis.around(DoubleStream.of(0, 60_000), 3))).containsExactly("0", "20k", "40k", "60k");
        assertThat(labels(Axis.around(DoubleStream.of(0, 2e12), 2))).containsExactly("0", "1T", "2T");
    }

    @Test
    void nothingAndASingleValueHaveAnAxisToo() {
        assertThat(labels(Axis.around(DoubleStream.empty(), 7))).startsWith("0").endsWith("1");
        assertThat(Axis.around(DoubleStream.of(5, Double.NaN), 7).share(5)).isBetween(0.2, 0.8);
        assertThat(labels(Axis.around(DoubleStream.of(0), 7))).contains("0");
    }

    @Test
    void aLogarithmicAxisRunsFromPowerToPowerOfTen() {
        LogAxis axis = LogAxis.around(DoubleStream.of(0.02, 1.0));
        assertThat(axis.ticks()).containsExactly(0.01, 0.1, 1.0);
        assertThat(axis.share(0.1)).isEqualTo(0.5);
        assertThat(LogAxis.around(DoubleStream.of(10)).ticks()).containsExactly(10.0, 100.0);
        assertThat(LogAxis.around(DoubleStream.empty()).ticks()).hasSize(2);
    }

    private static List<String> labels(Axis axis) {
        return axis.ticks().stream().map(axis::label).toList();
    }
}
