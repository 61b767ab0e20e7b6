package org.zebralm.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.zebralm.kernel.Span;
import org.zebralm.tensor.DType;

class AttentionBenchTest {
    private static final HeadShape HEADS = new HeadShape(2, 2, 16);

    private static BenchSettings settings(double limit, Integer... lengths) {
        return new BenchSettings(
                List.of(lengths),
                17,
                HEADS,
                List.of(DType.FLOAT32),
                List.of(Pass.values()),
                List.of(Implementation.ZEBRA, Implementation.TORCH),
                3,
                0,
                limit);
    }

    @Test
    void everyCombinationHasARow() {
        BenchSettings settings = settings(60, 128, 64, 128);
        List<Row> told = new ArrayList<>();
        List<Row> rows = new AttentionBench(settings).run(told::add, () -> false);
        assertThat(rows).hasSize(settings.numRows()).hasSize(24).isEqualTo(told).allSatisfy(row -> {
            var measured = (Row.Measured) row;
            assertThat(measured.repeats()).isEqualTo(3);
            assertThat(measured.bestSeconds()).isPositive().isLessThanOrEqualTo(measured.seconds());
            assertThat(measured.gflops() * measured.seconds() * 1e9)
                    .isCloseTo(row.attention().flops(), within(1e-3));
        });
        assertThat(rows.stream().map(row -> row.attention().length()).distinct())
                .containsExactly(64, 128);
    }

    @Test
    void aRowThatWouldTakeTooLongIsSkippedWithItsTime() {
        // A nanosecond is too short for any call; the shortest length is tried whatever the limit.
        List<Row> rows = new AttentionBench(settings(1e-9, 64, 128)).run(_ -> {}, () -> false);
        assertThat(rows).hasSize(24).allSatisfy(row -> {
            if (row.attention().length() == 64) {
                assertThat(row)
                        .isInstanceOfSatisfying(
                                Row.Measured.class,
                                measured -> assertThat(measured.repeats()).isEqualTo(1));
            } else {
                assertThat(row)
                        .isInstanceOfSatisfying(
                                Row.Skipped.class,
                                skipped -> assertThat(skipped.reason())
                                        .isInstanceOfSatisfying(
                                                Row.TooSlow.class,
                                                slow -> assertThat(slow.seconds())
                                                        .isGreaterThan(1e-9)));
            }
        });
    }

    @Test
    void aSeriesThatStartsLongIsTriedShortFirst() {
        List<Row> rows = new AttentionBench(settings(1e-9, 2048)).run(_ -> {}, () -> false);
        assertThat(rows).hasSize(12).allSatisfy(row -> assertThat(row).isInstanceOf(Row.Skipped.class));
    }

    @Test
    void timeIsForetoldByTheWorkThatIsDone() {
        var global = new AttentionCase(Pass.FORWARD, Span.global(), 1000, HEADS, DType.FLOAT32);
        assertThat(new Forecast(Implementation.ZEBRA, global, 1).of(global.withLength(2000)))
                .isCloseTo(4, within(0.01));
        var local = new AttentionCase(Pass.FORWARD, new Span.Local(17), 1000, HEADS, DType.FLOAT32);
        assertThat(new Forecast(Implementation.ZEBRA, local, 1).of(local.withLength(2000)))
                .isCloseTo(2, within(0.01));
        // libtorch masks the pairs outside the window, and computes them all the same.
        assertThat(new Forecast(Implementation.TORCH, local, 1).of(local.withLength(2000)))
                .isCloseTo(4, within(0.01));
        var decode = new AttentionCase(Pass.DECODE, new Span.Local(17), 1000, HEADS, DType.FLOAT32);
        assertThat(new Forecast(Implementation.TORCH, decode, 1).of(decode.withLength(2000)))
                .isCloseTo(1, within(0.01));
    }

    @Test
    void aMaskThatNeedsTooMuchMemoryIsNotMade() {
        List<Row> rows = new ArrayList<>();
        var local = new AttentionCase(Pass.FORWARD, new Span.Local(17), 16384, HEADS, DType.FLOAT32);
        assertThat(TorchLayout.maskBytes(local)).isEqualTo(Series.MOST_MASK_BYTES);
        assertThat(TorchLayout.maskBytes(local.withLength(17))).isZero();

        BenchSettings settings = new BenchSettings(
                List.of(16385),
                17,
                HEADS,
                List.of(DType.FLOAT32),
                List.of(Pass.FORWARD),
                List.of(Implementation.TORCH),
                1,
                0,
                1);
        new Series(settings, rows::add, () -> false).time(local.withLength(16385));

        assertThat(rows)
                .singleElement()
                .isInstanceOfSatisfying(
                        Row.Skipped.class,
                        skipped -> assertThat(skipped.reason()).isEqualTo(new Row.MaskTooLarge(4L * 16385 * 16385)));
    }

    @Test
    void onceStoppedWhatIsDoneIsReturned() {
        List<Row> told = new ArrayList<>();
        List<Row> rows = new AttentionBench(settings(60, 64, 128)).run(told::add, () -> told.size() == 4);
        assertThat(rows).hasSize(4);
    }

    @Test
    void theMachinesBoundsAreMeasured() {
        var rates = MachineRates.measure();
        assertThat(rates.gemmGflops()).isBetween(0.1, 1e6);
        assertThat(rates.readGigabytesPerSecond()).isBetween(0.1, 1e5);
    }

    @Test
    void aBoundIsTheBestThatWasReached() {
        var rates = new MachineRates(100, 20).max(new MachineRates(90, 30));
        assertThat(rates).isEqualTo(new MachineRates(100, 30));
        var forward = new AttentionCase(Pass.FORWARD, Span.global(), 1000, HEADS, DType.FLOAT32);
        var row = new Row.Measured(forward, Implementation.ZEBRA, forward.flops() / 50e9, 1, 1, 1, Double.NaN);
        assertThat(rates.share(row)).isCloseTo(0.5, within(1e-9));
        var decode = new AttentionCase(Pass.DECODE, Span.global(), 1000, HEADS, DType.FLOAT32);
        var read = new Row.Measured(decode, Implementation.ZEBRA, decode.keyValueBytes() / 15e9, 1, 1, 1, 25);
        // Not of the 30 that memory gave at another time.
        assertThat(rates.share(read)).isCloseTo(0.6, within(1e-9));
    }
}
